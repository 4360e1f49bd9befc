using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;
using MessagePack;

namespace CudaRpc.EndToEnd.Tests.BadInput;

/// <summary>Handles that are null, stale, another session's or of another kind: the result CUDA gives, and the session lives.</summary>
public sealed class HandleTests : IDisposable
{
    private readonly TestServer _server = new(() => new OwnFakeDriver());

    public static TheoryData<string> Transports => [TestServer.Tcp, TestServer.Unix, TestServer.Shm];

    public void Dispose()
    {
        _server.BecomesIdle();
        _server.Dispose();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void Client_AnswersBadHandlesItself(string transport)
    {
        using RemoteDriver driver = _server.Connect(transport);
        CUcontext context = driver.CreateContext();
        CUstream stale = driver.CreateStream();
        Cuda.Ok(driver.cuStreamDestroy_v2(stale));
        CUevent other = driver.CreateEvent();
        Cuda.Ok(driver.cuCtxSynchronize());
        CallStatistics before = driver.Session.Statistics;

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuStreamQuery(stale));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuStreamDestroy_v2(stale));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuStreamQuery(new CUstream(other.Value)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuStreamQuery(new CUstream(0x7fff_1234)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuEventRecord(default, default));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuModuleUnload(default));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.Launch(default, []));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, driver.cuCtxSetCurrent(new CUcontext(stale.Value)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, driver.cuCtxPushCurrent_v2(default));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, driver.cuCtxDestroy_v2(new CUcontext(other.Value)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, driver.cuMemFree_v2(new CUdeviceptr(12345)));

        CallStatistics cost = driver.Session.Statistics - before;
        Assert.Equal((0, 0), (cost.Posted, cost.Synchronous));
        Assert.Equal(context, driver.CurrentContext());
        Cuda.Ok(driver.cuCtxSynchronize());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void Server_AnswersBadHandles_AndTheSessionLives(string transport)
    {
        using RemoteDriver other = _server.Connect(transport);
        other.CreateContext();
        CUstream foreign = other.CreateStream();
        Cuda.Ok(other.cuCtxSynchronize());
        using var session = new RawSession(_server.Url(transport));
        nint context = HandleId.Make(HandleKind.CUcontext, 1000);
        nint stream = HandleId.Make(HandleKind.CUstream, 1001);
        Assert.Equal(CUresult.CUDA_SUCCESS, session.Call(CallId.cuCtxCreate_v2, Values(context, 0, 0)));
        session.Context = 1000;
        Assert.Equal(CUresult.CUDA_SUCCESS, session.Call(CallId.cuStreamCreate, Values(stream, 0)));

        Assert.Equal(CUresult.CUDA_SUCCESS, session.Call(CallId.cuStreamQuery, Values(stream)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, session.Call(CallId.cuStreamQuery, Values(foreign.Value)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, session.Call(CallId.cuStreamQuery, Values(context)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, session.Call(CallId.cuStreamQuery, Values(long.MinValue)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, session.Call(CallId.cuEventQuery, Values(0)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, session.Call(CallId.cuCtxDestroy_v2, Values(stream)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, session.Call(CallId.cuCtxDestroy_v2, Values(0)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, session.Call(CallId.cuDevicePrimaryCtxRelease_v2, Values(HandleId.PrimaryContext(0), 0)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, session.Call(CallId.cuMemFree_v2, Values(12345)));
        Assert.Equal(CUresult.CUDA_SUCCESS, session.Call(CallId.cuStreamDestroy_v2, Values(stream)));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, session.Call(CallId.cuStreamQuery, Values(stream)));
        session.Context = 77;
        Assert.Equal(CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED, session.Call(CallId.cuCtxSynchronize, Values()));
        session.Context = 1000;
        Assert.Equal(CUresult.CUDA_SUCCESS, session.Call(CallId.cuCtxSynchronize, Values()));
        Cuda.Ok(other.cuStreamQuery(foreign));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void AnotherSessionsMemory_CannotBeFreed(string transport)
    {
        var shared = new FakeDriver();
        using var server = new TestServer(() => shared);
        using RemoteDriver owner = server.Connect(transport);
        owner.Retain();
        CUdeviceptr address = owner.Allocate(16);
        using var thief = new RawSession(server.Url(transport));
        Assert.Equal(CUresult.CUDA_SUCCESS, thief.Call(CallId.cuDevicePrimaryCtxRetain, Values(HandleId.PrimaryContext(0), 0)));
        thief.Context = 1;

        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, thief.Call(CallId.cuMemFree_v2, Values((long)address.Value)));

        Assert.Equal(new byte[16], owner.Read(address, 16));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void UnknownCall_IsNotSupported_WithBulkToo(string transport)
    {
        using var session = new RawSession(_server.Url(transport));

        Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, session.Call(0xdead_beef, Values(1, 2, 3), new byte[1 << 20]));
        session.Post(0xdead_beef, Values(1), [1, 2, 3]);
        Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, session.Call(CallId.cuCtxSynchronize, Values()));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, session.Call(CallId.cuCtxSynchronize, Values()));
    }

    [Fact]
    public void FailuresInAnyNumberOfContexts_AreKeptForFew()
    {
        using var session = new RawSession(_server.UnixUrl);
        for (uint context = 1000; context < 2000; context++)
        {
            session.Context = context;
            session.Post(0xdead_beef, Values());
        }

        Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, session.Call(CallId.cuCtxSynchronize, Values()));
        Assert.Equal(CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED, session.Call(CallId.cuCtxSynchronize, Values()));
        Assert.InRange(_server.Log.Entries.Count(static entry => entry.Id == 204), 1, 100);
    }

    [Fact]
    public void HandlesBeyondTheLimit_AreOutOfMemory_AndTheSessionLives()
    {
        using var server = new TestServer(() => new OwnFakeDriver(), new Server.ServerLimits { HandlesPerSession = 3 });
        using RemoteDriver driver = server.Connect();
        driver.CreateContext();
        CUstream first = driver.CreateStream();
        driver.CreateStream();
        CUstream tooMany = driver.CreateStream();

        Assert.Equal(CUresult.CUDA_ERROR_OUT_OF_MEMORY, driver.cuCtxSynchronize());
        Assert.Equal(nameof(CudaDriver.cuStreamCreate), driver.TakeDeferredFailure());
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, driver.cuStreamQuery(tooMany));
        Cuda.Ok(driver.cuStreamDestroy_v2(first));
        driver.CreateStream();
        Cuda.Ok(driver.cuCtxSynchronize());
    }

    [Fact]
    public void HandleMintedByTwoLanesAtOnce_EndsTheSession_AndLeaksNothing()
    {
        using var arrived = new CountdownEvent(2);
        var shared = new FakeDriver
        {
            Hook = name =>
            {
                if (name == nameof(CudaDriver.cuCtxCreate_v2))
                {
                    arrived.Signal();
                    Condition.IsSet(arrived.WaitHandle, "the other creation");
                }

                return CUresult.CUDA_SUCCESS;
            },
        };
        using var server = new TestServer(() => shared);
        using (var session = new RawSession(server.UnixUrl))
        using (RawPeer second = session.OpenLane())
        {
            byte[] body = RawPeer.Body(Values(HandleId.Make(HandleKind.CUcontext, 1000), 0, 0));
            session.Lane.Send(RawPeer.Frame(CallId.cuCtxCreate_v2, 1, body));
            second.Send(RawPeer.Frame(CallId.cuCtxCreate_v2, 2, body));
            session.Control.IsClosed();
        }

        server.BecomesIdle();
        Assert.Equal(0, shared.LiveHandles);
    }

    private static RawPeer.WriteBody Values(params long[] values) => (ref MessagePackWriter writer) =>
    {
        foreach (long value in values)
        {
            writer.Write(value);
        }
    };
}
