using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Execution;

/// <summary>Calls a function of the program.</summary>
internal sealed unsafe class HostWork(delegate* unmanaged[Cdecl]<void*, void> function, void* userData) : StreamWork
{
    public override NodeContent ToContent(DriverStream stream) => new HostContent(function, userData);

    public override bool ActsOnHost => true;

    public override void Run(DriverContext context) => HostFunctionScope.Call(function, userData);
}
