namespace CudaRpc.EndToEnd.Tests;

/// <summary>Waiting for what must come about; the deadline is for a product that hangs, not for a slow machine.</summary>
internal static class Condition
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static void Holds(Func<bool> condition, string what) => Assert.True(SpinWait.SpinUntil(condition, Deadline), $"never came about: {what}");

    /// <summary>Waits until a value is what it should be, and shows both where it never is.</summary>
    public static void Becomes<T>(T expected, Func<T> actual)
    {
        SpinWait.SpinUntil(() => Equals(expected, actual()), Deadline);
        Assert.Equal(expected, actual());
    }

    public static void IsSet(WaitHandle handle, string what) => Assert.True(handle.WaitOne(Deadline), $"never came about: {what}");
}
