using CudaRpc.Protocol;
using CudaRpc.Server;

namespace CudaRpc.EndToEnd.Tests.Semantics;

/// <summary>The gate that the lanes of a session go through in the order of their calls' numbers.</summary>
public sealed class SequenceGateTests
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(8, 1)]
    [InlineData(8, 100)]
    public void Enter_FromManyThreads_LetsThemInOneByOneInOrder(int threads, int run)
    {
        const int Numbers = 8000;
        var gate = new SequenceGate();
        var order = new List<int>();
        var workers = new Worker[threads];
        for (int thread = 0; thread < threads; thread++)
        {
            int own = thread;
            workers[thread] = new Worker(() =>
            {
                // Runs of numbers in turn, as lanes have that take turns at carrying posted calls.
                foreach (int number in Enumerable.Range(1, Numbers).Where(number => number / run % threads == own))
                {
                    gate.Enter((ulong)number);
                    order.Add(number);
                    gate.Leave();
                }
            });
        }

        Array.ForEach(workers, worker => worker.Ends());

        Assert.Equal(Enumerable.Range(1, Numbers), order);
    }

    [Fact]
    public void WaitFor_ANumberThatLeaves_ReturnsLongBeforeItsPatienceEnds()
    {
        var gate = new SequenceGate();
        var waits = new Worker(() => gate.WaitFor(2, TimeSpan.FromHours(1)));

        Pass(gate, 1);
        Pass(gate, 2);

        waits.Ends();
    }

    [Fact]
    public void WaitFor_ANumberThatNeverComes_ReturnsAfterItsPatience() =>
        new SequenceGate().WaitFor(1, TimeSpan.FromMilliseconds(1));

    [Fact]
    public void Enter_ANumberThatHasHadItsTurn_BreaksTheProtocol()
    {
        var gate = new SequenceGate();
        Pass(gate, 1);

        Assert.Throws<ProtocolException>(() => gate.Enter(1));
    }

    [Fact]
    public void Close_WhoWaits_IsTurnedAway()
    {
        var gate = new SequenceGate();
        var waits = new Worker(() => Assert.Throws<OperationCanceledException>(() => gate.Enter(5)));

        gate.Close();

        waits.Ends();
        Assert.Throws<OperationCanceledException>(() => gate.Enter(1));
    }

    private static void Pass(SequenceGate gate, ulong number)
    {
        gate.Enter(number);
        gate.Leave();
    }
}
