using CudaRpc.Simulator.Graphs;
using CudaRpc.Simulator.Objects;

namespace CudaRpc.Simulator.Execution;

/// <summary>Calls a function of the program.</summary>
internal sealed unsafe class HostWork(delegate* unmanaged[Cdecl]<void*, void> function, void* userData) : StreamWork
{
    public override NodeContent ToContent(DriverStream stream) => new HostContent(function, userData);

    // SAFETY: the program promises that the function can be called with its data until the stream has run it.
    public override void Run(DriverContext context) => function(userData);
}
