using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Execution;

/// <summary>Calls a stream callback of the program with the state of the context.</summary>
internal sealed unsafe class CallbackWork(
    delegate* unmanaged[Cdecl]<CUstream, CUresult, void*, void> callback, CUstream stream, void* userData) : StreamWork
{
    public override bool RunsAfterFault => true;

    public override bool ActsOnHost => true;

    public override void Run(DriverContext context) => HostFunctionScope.Call(callback, stream, context.Fault, userData);
}
