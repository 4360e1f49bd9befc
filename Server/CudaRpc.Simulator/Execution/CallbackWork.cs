using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Execution;

/// <summary>Calls a stream callback of the program with the state of the context.</summary>
internal sealed unsafe class CallbackWork(
    delegate* unmanaged[Cdecl]<CUstream, CUresult, void*, void> callback, CUstream stream, void* userData) : StreamWork
{
    public override bool RunsAfterFault => true;

    // SAFETY: the program promises that the callback can be called with its data until the stream has run it.
    public override void Run(DriverContext context) => callback(stream, context.Fault, userData);
}
