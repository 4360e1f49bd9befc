using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>The state of texture references and the shapes of arrays through a server.</summary>
public sealed unsafe class TexRefStateTests : IDisposable
{
    private readonly SimulatedServer _server = new();

    private RemoteDriver Driver => _server.Driver;

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Reference_SaysWhatWasSet()
    {
        CUtexref reference;
        CUfilter_mode filter, mipmap;
        CUaddress_mode address;
        uint flags;
        int anisotropy;
        float bias;
        Cuda.Ok(Driver.cuTexRefCreate(&reference));
        Cuda.Ok(Driver.cuTexRefSetFilterMode(reference, CUfilter_mode.CU_TR_FILTER_MODE_LINEAR));
        Cuda.Ok(Driver.cuTexRefSetMipmapFilterMode(reference, CUfilter_mode.CU_TR_FILTER_MODE_LINEAR));
        Cuda.Ok(Driver.cuTexRefSetAddressMode(reference, 1, CUaddress_mode.CU_TR_ADDRESS_MODE_MIRROR));
        Cuda.Ok(Driver.cuTexRefSetFlags(reference, 2));
        Cuda.Ok(Driver.cuTexRefSetMaxAnisotropy(reference, 4));
        Cuda.Ok(Driver.cuTexRefSetMipmapLevelBias(reference, 0.5f));

        Cuda.Ok(Driver.cuTexRefGetFilterMode(&filter, reference));
        Cuda.Ok(Driver.cuTexRefGetMipmapFilterMode(&mipmap, reference));
        Cuda.Ok(Driver.cuTexRefGetAddressMode(&address, reference, 1));
        Cuda.Ok(Driver.cuTexRefGetFlags(&flags, reference));
        Cuda.Ok(Driver.cuTexRefGetMaxAnisotropy(&anisotropy, reference));
        Cuda.Ok(Driver.cuTexRefGetMipmapLevelBias(&bias, reference));

        Assert.Equal((CUfilter_mode.CU_TR_FILTER_MODE_LINEAR, CUfilter_mode.CU_TR_FILTER_MODE_LINEAR), (filter, mipmap));
        Assert.Equal(CUaddress_mode.CU_TR_ADDRESS_MODE_MIRROR, address);
        Assert.Equal((2u, 4, 0.5f), (flags, anisotropy, bias));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuTexRefSetAddressMode(reference, 3, CUaddress_mode.CU_TR_ADDRESS_MODE_MIRROR));
    }

    [Fact]
    public void Array_SaysItsShape_AndHasNoPlanesNorTiles()
    {
        CUarray array, plane;
        CUDA_ARRAY_DESCRIPTOR_v2 shape = new() { Width = 6, Height = 3, Format = CUarray_format.CU_AD_FORMAT_HALF, NumChannels = 2 }, read;
        CUDA_ARRAY_MEMORY_REQUIREMENTS_v1 requirements;
        CUDA_ARRAY_SPARSE_PROPERTIES_v1 sparse;
        Cuda.Ok(Driver.cuArrayCreate_v2(&array, &shape));

        Cuda.Ok(Driver.cuArrayGetDescriptor_v2(&read, array));

        Assert.Equal(((nuint)6, (nuint)3, CUarray_format.CU_AD_FORMAT_HALF, 2u), (read.Width, read.Height, read.Format, read.NumChannels));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuArrayGetPlane(&plane, array, 0));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuArrayGetMemoryRequirements(&requirements, array, 0));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_VALUE, Driver.cuArrayGetSparseProperties(&sparse, array));
        Assert.Equal(CUresult.CUDA_ERROR_INVALID_HANDLE, Driver.cuArrayGetPlane(&plane, default, 0));
    }
}
