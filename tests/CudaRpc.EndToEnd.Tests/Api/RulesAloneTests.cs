using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>
/// Functions that travel by their rules alone and whose work is a real driver's: what the program says reaches the driver, what the driver
/// answers reaches the program.
/// </summary>
public sealed unsafe class RulesAloneTests : IDisposable
{
    private readonly EchoDriver _gpu = new();
    private readonly TestServer _server;
    private readonly RemoteDriver _driver;
    private readonly CUcontext _context;

    public RulesAloneTests()
    {
        _server = new TestServer(() => _gpu);
        _driver = _server.Connect();
        _context = _driver.CreateContext();
    }

    public void Dispose()
    {
        _driver.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void StreamMemoryOperations_CarryAddressValueAndFlags()
    {
        CUstream stream = _driver.CreateStream();
        CUdeviceptr address = new(0x1_2345_6780);

        _driver.cuStreamWaitValue32_v2(stream, address, 0xfffffffe, 1);
        _driver.cuStreamWaitValue64_v2(default, address, 0xfffffffffffffffd, 2);
        _driver.cuStreamWriteValue32_v2(stream, address, 3, 0);
        _driver.cuStreamWriteValue64_v2(stream, address, 0x8000000000000004, 1);
        _driver.cuCtxSynchronize();

        Assert.Equal(
            ["wait32 stream 123456780 fffffffe 1", "wait64 0 123456780 fffffffffffffffd 2", "write32 stream 123456780 3 0", "write64 stream 123456780 8000000000000004 1"],
            _gpu.Said);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, _driver.cuStreamWaitValue32_v2(new(0x19999905), address, 0, 0));
    }

    [Fact]
    public void ContextEvents_CarryTheDriversHandles()
    {
        CUevent moment = _driver.CreateEvent();

        _driver.cuCtxRecordEvent(_context, moment);
        _driver.cuCtxWaitEvent(_context, moment);
        _driver.cuCtxSynchronize();

        Assert.Equal(["record context event", "wait context event"], _gpu.Said);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_CONTEXT, _driver.cuCtxRecordEvent(new(_context.Value + 256), moment));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, _driver.cuCtxWaitEvent(_context, default));
    }

    [Fact]
    public void Capabilities_AreAsManyAsWereAskedFor()
    {
        uint* found = stackalloc uint[3];
        CUatomicOperation* asked = stackalloc CUatomicOperation[] { (CUatomicOperation)5, (CUatomicOperation)7 };

        Cuda.Ok(_driver.cuDeviceGetHostAtomicCapabilities(found, asked, 2, 0));
        Assert.Equal([105u, 107u, 0u], new ReadOnlySpan<uint>(found, 3));
        Cuda.Ok(_driver.cuDeviceGetP2PAtomicCapabilities(found, asked, 2, 0, 1));
        Assert.Equal([205u, 207u, 0u], new ReadOnlySpan<uint>(found, 3));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuDeviceGetHostAtomicCapabilities(found, null, 2, 0));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuDeviceGetP2PAtomicCapabilities(null, asked, 2, 0, 1));
    }

    [Fact]
    public void Queries_BringTheirAnswersBack()
    {
        nuint width;
        CUexecAffinityParam_v1 affinity;

        Cuda.Ok(_driver.cuDeviceGetTexture1DLinearMaxWidth(&width, CUarray_format.CU_AD_FORMAT_HALF, 4, 1));
        Cuda.Ok(_driver.cuCtxGetExecAffinity(&affinity, CUexecAffinityType.CU_EXEC_AFFINITY_TYPE_SM_COUNT));

        Assert.Equal(0x1_0000_0041ul, width);
        Assert.Equal(13u, affinity.param.smCount.val);
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, _driver.cuDeviceGetTexture1DLinearMaxWidth(null, default, 4, 1));
    }

    [Fact]
    public void Orders_ReachTheDriver()
    {
        fixed (byte* config = Cuda.Text("in.cfg"), output = Cuda.Text("out.csv"))
        {
            Cuda.Ok(_driver.cuProfilerInitialize(config, output, CUoutput_mode.CU_OUT_CSV));
        }

        Cuda.Ok(_driver.cuCtxResetPersistingL2Cache());
        Cuda.Ok(_driver.cuFlushGPUDirectRDMAWrites(
            CUflushGPUDirectRDMAWritesTarget.CU_FLUSH_GPU_DIRECT_RDMA_WRITES_TARGET_CURRENT_CTX,
            CUflushGPUDirectRDMAWritesScope.CU_FLUSH_GPU_DIRECT_RDMA_WRITES_TO_OWNER));
        _driver.cuCtxSynchronize();

        Assert.Equal(["profile in.cfg out.csv CU_OUT_CSV", "reset", "flush"], _gpu.Said);
    }

    private sealed class EchoDriver : FakeDriver
    {
        private readonly List<string> _said = [];
        private readonly Dictionary<nint, string> _names = [];

        public IReadOnlyList<string> Said => _said;

        public override CUresult cuCtxCreate_v2(CUcontext* pctx, uint flags, int dev) => Keep(base.cuCtxCreate_v2(pctx, flags, dev), pctx->Value, "context");

        public override CUresult cuStreamCreate(CUstream* phStream, uint Flags) => Keep(base.cuStreamCreate(phStream, Flags), phStream->Value, "stream");

        public override CUresult cuEventCreate(CUevent* phEvent, uint Flags) => Keep(base.cuEventCreate(phEvent, Flags), phEvent->Value, "event");

        public override CUresult cuStreamWaitValue32_v2(CUstream stream, CUdeviceptr addr, uint value, uint flags) =>
            Say($"wait32 {NameOf(stream.Value)} {addr.Value:x} {value:x} {flags}");

        public override CUresult cuStreamWaitValue64_v2(CUstream stream, CUdeviceptr addr, ulong value, uint flags) =>
            Say($"wait64 {NameOf(stream.Value)} {addr.Value:x} {value:x} {flags}");

        public override CUresult cuStreamWriteValue32_v2(CUstream stream, CUdeviceptr addr, uint value, uint flags) =>
            Say($"write32 {NameOf(stream.Value)} {addr.Value:x} {value:x} {flags}");

        public override CUresult cuStreamWriteValue64_v2(CUstream stream, CUdeviceptr addr, ulong value, uint flags) =>
            Say($"write64 {NameOf(stream.Value)} {addr.Value:x} {value:x} {flags}");

        public override CUresult cuCtxRecordEvent(CUcontext hCtx, CUevent hEvent) => Say($"record {NameOf(hCtx.Value)} {NameOf(hEvent.Value)}");

        public override CUresult cuCtxWaitEvent(CUcontext hCtx, CUevent hEvent) => Say($"wait {NameOf(hCtx.Value)} {NameOf(hEvent.Value)}");

        public override CUresult cuCtxResetPersistingL2Cache() => Say("reset");

        public override CUresult cuFlushGPUDirectRDMAWrites(CUflushGPUDirectRDMAWritesTarget target, CUflushGPUDirectRDMAWritesScope scope) => Say("flush");

        public override CUresult cuProfilerInitialize(byte* configFile, byte* outputFile, CUoutput_mode outputMode) =>
            Say($"profile {Text(configFile)} {Text(outputFile)} {outputMode}");

        public override CUresult cuDeviceGetHostAtomicCapabilities(uint* capabilities, CUatomicOperation* operations, uint count, int dev) =>
            Capabilities(capabilities, operations, count, 100);

        public override CUresult cuDeviceGetP2PAtomicCapabilities(uint* capabilities, CUatomicOperation* operations, uint count, int srcDevice, int dstDevice) =>
            Capabilities(capabilities, operations, count, 200);

        public override CUresult cuDeviceGetTexture1DLinearMaxWidth(nuint* maxWidthInElements, CUarray_format format, uint numChannels, int dev)
        {
            *maxWidthInElements = unchecked((nuint)0x1_0000_0000) + (numChannels * (uint)format) + (uint)dev;
            return CUresult.CUDA_SUCCESS;
        }

        public override CUresult cuCtxGetExecAffinity(CUexecAffinityParam_v1* pExecAffinity, CUexecAffinityType type)
        {
            *pExecAffinity = new() { type = type };
            pExecAffinity->param.smCount.val = 13;
            return CUresult.CUDA_SUCCESS;
        }

        private static CUresult Capabilities(uint* capabilities, CUatomicOperation* operations, uint count, uint first)
        {
            for (uint i = 0; i < count; i++)
            {
                capabilities[i] = first + (uint)operations[i];
            }

            return CUresult.CUDA_SUCCESS;
        }

        private static string Text(byte* text) => System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)text)!;

        private string NameOf(nint handle) => _names.GetValueOrDefault(handle, handle.ToString("x", null));

        private CUresult Keep(CUresult status, nint handle, string name)
        {
            _names[handle] = name;
            return status;
        }

        private CUresult Say(string what)
        {
            _said.Add(what);
            return CUresult.CUDA_SUCCESS;
        }
    }
}
