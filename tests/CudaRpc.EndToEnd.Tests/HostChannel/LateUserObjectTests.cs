using System.Collections.Concurrent;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Simulator;

namespace CudaRpc.EndToEnd.Tests.HostChannel;

/// <summary>A driver that ends a user object when the session that made it is long gone.</summary>
public sealed unsafe class LateUserObjectTests
{
    [Fact]
    public void UserObject_EndedAfterItsSession_CallsNobodyAndHarmsNoOne()
    {
        using var gpu = new SimulatedGpu();
        var drivers = new ConcurrentBag<KeepingDriver>();
        using var server = new TestServer(() =>
        {
            var driver = new KeepingDriver(gpu);
            drivers.Add(driver);
            return driver;
        });
        bool called = false;
        using var end = new HostFunction(() => called = true);
        CUuserObject made;
        using (RemoteDriver client = server.Connect())
        {
            Cuda.Ok(client.cuUserObjectCreate(&made, end.Data, HostFunction.Function, 1, 1));
            client.CreateContext();
        }

        server.BecomesIdle();
        KeepingDriver asked = drivers.Single(static driver => driver.Destroy != null);
        asked.Destroy(asked.Pointer);

        Assert.False(called);
    }

    private sealed class KeepingDriver(SimulatedGpu gpu) : SimulatedDriver(gpu)
    {
        public void* Pointer { get; private set; }

        public delegate* unmanaged[Cdecl]<void*, void> Destroy { get; private set; }

        public override CUresult cuUserObjectCreate(
            CUuserObject* object_out, void* ptr, delegate* unmanaged[Cdecl]<void*, void> destroy, uint initialRefcount, uint flags)
        {
            Pointer = ptr;
            Destroy = destroy;
            *object_out = new CUuserObject(0x7700);
            return CUresult.CUDA_SUCCESS;
        }
    }
}
