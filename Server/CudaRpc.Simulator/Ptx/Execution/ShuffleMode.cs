namespace CudaRpc.Simulator.Ptx.Execution;

internal enum ShuffleMode
{
    Up,
    Down,
    Butterfly,
    Index,
}
