using CudaRpc.Client;
using CudaRpc.Driver;
using static CudaRpc.Driver.CUresult;

namespace CudaRpc.EndToEnd.Tests.Api.Memory;

/// <summary>Variables of modules and libraries through a server: device memory like any other, for as long as their code is loaded.</summary>
public sealed unsafe class VariableTests : IDisposable
{
    private const string Ptx = """
        .version 7.0
        .target sm_70
        .address_size 64
        .visible .global .align 8 .b8 table[256];
        .visible .const .align 8 .b8 fixed_table[64];
        """;

    private readonly SimulatedServer _server = new();
    private readonly CUmodule _module;

    public VariableTests() => _module = Driver.Load(Ptx);

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Copy_BetweenUnifiedAddresses_KnowsTheVariableForDeviceMemory(bool ofLibrary)
    {
        CUdeviceptr variable = ofLibrary ? OfLibrary(Load()) : OfModule(_module), memory = Driver.Allocate(256);
        byte[] sent = [.. Enumerable.Range(0, 256).Select(static index => (byte)index)], received = new byte[256];
        fixed (byte* source = sent, target = received)
        {
            Cuda.Ok(Driver.cuMemcpy(variable, new CUdeviceptr((ulong)source), 256));
            Cuda.Ok(Driver.cuMemcpy(memory, variable, 256));
            Cuda.Ok(Driver.cuMemcpyAsync(variable + 128, memory, 128, default));
            var rows = new CUDA_MEMCPY2D_v2
            {
                srcMemoryType = CUmemorytype.CU_MEMORYTYPE_UNIFIED, srcDevice = variable, srcPitch = 16,
                dstMemoryType = CUmemorytype.CU_MEMORYTYPE_UNIFIED, dstDevice = new CUdeviceptr((ulong)target), dstPitch = 16,
                WidthInBytes = 16, Height = 16,
            };
            Cuda.Ok(Driver.cuMemcpy2D_v2(&rows));
        }

        Assert.Equal([.. sent[..128], .. sent[..128]], received);
        Assert.Equal(sent, Driver.Read(memory, 256));
    }

    [Fact]
    public void Attributes_AreThoseOfDeviceMemoryThatNobodyAllocated()
    {
        CUdeviceptr variable = OfModule(_module);
        CUipcMemHandle_v1 token;

        Assert.Equal((ulong)CUmemorytype.CU_MEMORYTYPE_DEVICE, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE, variable + 4));
        Assert.Equal((ulong)_server.Context.Value, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_CONTEXT, variable));
        Assert.Equal(variable.Value, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, variable + 4));
        Assert.Equal(256ul, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_SIZE, variable + 4));
        Assert.Equal(0ul, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, variable));
        Assert.Equal(0ul, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_BUFFER_ID, variable));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuMemFree_v2(variable));
        Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuIpcGetMemHandle(&token, variable));
        byte[] more = new byte[257];
        fixed (byte* source = more)
        {
            Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuMemcpyHtoD_v2(variable, source, 257));
        }
    }

    [Fact]
    public void SizeAlone_OrAddressAlone_IsAnswered()
    {
        CUdeviceptr address;
        nuint bytes;
        fixed (byte* name = Cuda.Text("fixed_table"), other = Cuda.Text("none"))
        {
            Cuda.Ok(Driver.cuModuleGetGlobal_v2(null, &bytes, _module, name));
            Cuda.Ok(Driver.cuModuleGetGlobal_v2(&address, null, _module, name));
            Assert.Equal(CUDA_ERROR_NOT_FOUND, Driver.cuModuleGetGlobal_v2(&address, &bytes, _module, other));
            Assert.Equal(CUDA_ERROR_INVALID_VALUE, Driver.cuModuleGetGlobal_v2(&address, &bytes, _module, null));
            Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuModuleGetGlobal_v2(&address, &bytes, default, name));
            Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuLibraryGetGlobal(&address, &bytes, default, name));
        }

        Assert.Equal((nuint)64, bytes);
        Assert.Equal((ulong)CUmemorytype.CU_MEMORYTYPE_DEVICE, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address));
    }

    [Fact]
    public void Unload_EndsTheVariables()
    {
        CUlibrary library = Load();
        CUmodule ofLibrary;
        Cuda.Ok(Driver.cuLibraryGetModule(&ofLibrary, library));
        CUdeviceptr first = OfModule(_module), second = OfModule(ofLibrary), third = OfLibrary(library);

        Assert.Equal(third, second);
        Cuda.Ok(Driver.cuModuleUnload(_module));
        Assert.Equal(0ul, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE, first));
        Assert.NotEqual(0ul, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE, second));
        Cuda.Ok(Driver.cuLibraryUnload(library));
        Assert.Equal(0ul, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE, second));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuModuleUnload(_module));
        Assert.Equal(CUDA_ERROR_INVALID_HANDLE, Driver.cuLibraryUnload(library));
    }

    [Fact]
    public void LibraryOfTwoContexts_HasVariablesOfEach_ThatEndWithIt()
    {
        CUlibrary library = Load();
        CUdeviceptr here = OfLibrary(library);
        CUcontext primary = Driver.Retain();
        CUdeviceptr there = OfLibrary(library);

        Assert.Equal((ulong)primary.Value, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_CONTEXT, there));
        Cuda.Ok(Driver.cuDevicePrimaryCtxReset_v2(0));
        Assert.Equal(0ul, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE, there));
        Assert.Equal((ulong)_server.Context.Value, Attribute(CUpointer_attribute.CU_POINTER_ATTRIBUTE_CONTEXT, here));
        Cuda.Ok(Driver.cuDevicePrimaryCtxRelease_v2(0));
        Cuda.Ok(Driver.cuCtxSetCurrent(_server.Context));
    }

    private CUlibrary Load()
    {
        CUlibrary library;
        fixed (byte* image = Cuda.Text(Ptx))
        {
            Cuda.Ok(Driver.cuLibraryLoadData(&library, image, null, null, 0, null, null, 0));
        }

        return library;
    }

    private CUdeviceptr OfModule(CUmodule module)
    {
        CUdeviceptr address;
        fixed (byte* name = Cuda.Text("table"))
        {
            Cuda.Ok(Driver.cuModuleGetGlobal_v2(&address, null, module, name));
        }

        return address;
    }

    private CUdeviceptr OfLibrary(CUlibrary library)
    {
        CUdeviceptr address;
        fixed (byte* name = Cuda.Text("table"))
        {
            Cuda.Ok(Driver.cuLibraryGetGlobal(&address, null, library, name));
        }

        return address;
    }

    // 0 where the address is nobody's.
    private ulong Attribute(CUpointer_attribute attribute, CUdeviceptr address)
    {
        ulong value = 0;
        _ = Driver.cuPointerGetAttribute(&value, attribute, address);
        return value;
    }
}
