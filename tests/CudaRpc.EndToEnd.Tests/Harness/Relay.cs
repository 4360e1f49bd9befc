namespace CudaRpc.EndToEnd.Tests;

/// <summary>Threads of which one at a time has its turn, given on to a thread chosen by chance: each turn begins after the one before has returned.</summary>
internal static class Relay
{
    public static void Run(int threads, int turns, int seed, Action<int> turn)
    {
        SemaphoreSlim[] batons = [.. Enumerable.Range(0, threads).Select(_ => new SemaphoreSlim(0))];
        var random = new Random(seed);
        int next = 0;
        Worker[] workers = Worker.Start(threads, index =>
        {
            try
            {
                while (true)
                {
                    batons[index].Wait();
                    if (next >= turns)
                    {
                        return;
                    }

                    turn(next++);
                    batons[random.Next(threads)].Release();
                }
            }
            finally
            {
                // At the end, or where a turn failed: nobody waits for a turn that does not come.
                next = turns;
                Array.ForEach(batons, static baton => baton.Release());
            }
        });
        batons[0].Release();
        Array.ForEach(workers, static worker => worker.Ends());
    }
}
