namespace CudaRpc.Model;

/// <summary>A moment of another thread that a thread waits for: the beginning or the end of its call <paramref name="Call"/>.</summary>
/// <param name="Thread">The other thread.</param>
/// <param name="Call">Index into the trace's calls.</param>
/// <param name="AtBegin">Whether it is the call's beginning.</param>
internal readonly record struct Anchor(int Thread, int Call, bool AtBegin);
