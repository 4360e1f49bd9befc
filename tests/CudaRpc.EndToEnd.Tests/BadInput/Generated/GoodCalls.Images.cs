using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

internal static unsafe partial class GoodCalls
{
    private static readonly (string Functions, Action<GoodCall> Complete)[] s_images =
    [
        ("cuArrayCreate cuArrayCreate_v2", static call => call.Put("pAllocateArray", Flat)),
        ("cuArray3DCreate cuArray3DCreate_v2", static call => call.Put("pAllocateArray", Deep)),
        ("cuMipmappedArrayCreate", static call =>
        {
            call.Put("pMipmappedArrayDesc", Deep with { Depth = 0 });
            call.Set("numMipmapLevels", 2);
        }),
        ("cuTexObjectCreate", static call =>
        {
            call.Put("pResDesc", "array", Resource(call));
            call.Put("pTexDesc", default(CUDA_TEXTURE_DESC_v1));
            call.Set("pResViewDesc", null);
        }),
        ("cuTexObjectDestroy cuTexObjectGetResourceDesc cuTexObjectGetTextureDesc cuTexObjectGetResourceViewDesc",
            static call => call.Set("texObject", (object)call.At.Once("texture", () =>
            {
                ulong texture;
                CUDA_RESOURCE_DESC_v1 resource = Resource(call);
                CUDA_TEXTURE_DESC_v1 how = default;
                CUDA_RESOURCE_VIEW_DESC_v1 view = new()
                {
                    format = CUresourceViewFormat.CU_RES_VIEW_FORMAT_FLOAT_1X32, width = 4, height = 4,
                };
                Cuda.Ok(call.At.Driver.cuTexObjectCreate(&texture, &resource, &how, &view));
                return texture;
            }))),
        ("cuSurfObjectCreate", static call => call.Put("pResDesc", "array", Resource(call, Storable(call)))),
        ("cuSurfObjectDestroy cuSurfObjectGetResourceDesc", static call => call.Set("surfObject", (object)call.At.Once("surface", () =>
        {
            ulong surface;
            CUDA_RESOURCE_DESC_v1 resource = Resource(call, Storable(call));
            Cuda.Ok(call.At.Driver.cuSurfObjectCreate(&surface, &resource));
            return surface;
        }))),
        ("cuSurfRefGetArray", static call =>
            Cuda.Ok(call.At.Driver.cuSurfRefSetArray(Handle<CUsurfref>(call), Storable(call), 0))),
        ("cuSurfRefSetArray", static call => call.Set("hArray", Storable(call).Value)),
        ("cuTexRefGetArray", static call =>
            Cuda.Ok(call.At.Driver.cuTexRefSetArray(Handle<CUtexref>(call), Handle<CUarray>(call), 1))),
        ("cuTexRefGetMipmappedArray", static call => Cuda.Ok(call.At.Driver.cuTexRefSetMipmappedArray(
            Handle<CUtexref>(call), Handle<CUmipmappedArray>(call), 1))),
        ("cuTexRefGetAddress cuTexRefGetAddress_v2", static call =>
        {
            nuint offset;
            Cuda.Ok(call.At.Driver.cuTexRefSetAddress_v2(&offset, Handle<CUtexref>(call), call.At.Memory, 64));
        }),
        ("cuTexRefSetArray cuTexRefSetMipmappedArray", static call => call.Set("Flags", 1)),
        ("cuTexRefSetFormat", static call =>
        {
            call.Set("fmt", CUarray_format.CU_AD_FORMAT_FLOAT);
            call.Set("NumPackedComponents", 1);
        }),
        ("cuTexRefSetAddress cuTexRefSetAddress_v2", static call => call.Set("bytes", 64)),
        ("cuTexRefSetAddress2D cuTexRefSetAddress2D_v2 cuTexRefSetAddress2D_v3", static call =>
        {
            call.Put("desc", Flat);
            call.Set("Pitch", 512);
        }),
        ("cuParamSetTexRef", static call => call.Set("texunit", -1)),
        ("cuTensorMapEncode*", static call =>
        {
            call.Set("tensorDataType", CUtensorMapDataType.CU_TENSOR_MAP_DATA_TYPE_FLOAT16);
            call.Set("tensorRank", 3);
            call.Set("globalAddress", null);
            call.Put<ulong>("globalDim", 64, 8, 8);
            call.Put<ulong>("globalStrides", 128, 1024);
            call.Put<uint>("elementStrides", 1, 1, 1);
        }),
        ("cuTensorMapEncodeTiled", static call => call.Put<uint>("boxDim", 64, 8, 1)),
        ("cuTensorMapEncodeIm2col", static call =>
        {
            call.Put("pixelBoxLowerCorner", -1);
            call.Put("pixelBoxUpperCorner", 1);
        }),
        ("cuTensorMapEncodeIm2col cuTensorMapEncodeIm2colWide", static call =>
        {
            call.Set("channelsPerPixel", 64);
            call.Set("pixelsPerColumn", 128);
        }),
        ("cuTensorMapEncodeIm2colWide", static call =>
        {
            call.Set("swizzle", CUtensorMapSwizzle.CU_TENSOR_MAP_SWIZZLE_128B);
            call.Set("mode", CUtensorMapIm2ColWideMode.CU_TENSOR_MAP_IM2COL_WIDE_MODE_W);
        }),
        ("cuTensorMapReplaceAddress", static call =>
        {
            CUtensorMap map;
            ulong* dimensions = stackalloc ulong[] { 64, 64 }, strides = stackalloc ulong[] { 128 };
            uint* box = stackalloc uint[] { 64, 8 }, elements = stackalloc uint[] { 1, 1 };
            byte* room = stackalloc byte[sizeof(CUtensorMap) + 128];
            var made = (CUtensorMap*)(((nint)room + 127) & ~127);
            Cuda.Ok(call.At.Driver.cuTensorMapEncodeTiled(
                made, CUtensorMapDataType.CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 2, null, dimensions, strides, box, elements, 0, 0, 0, 0));
            map = *made;
            call.Put("tensorMap", map);
            call.Set("globalAddress", null);
        }),
    ];

    private static CUDA_ARRAY_DESCRIPTOR_v2 Flat => new() { Width = 16, Height = 4, Format = CUarray_format.CU_AD_FORMAT_FLOAT, NumChannels = 1 };

    private static CUDA_ARRAY3D_DESCRIPTOR_v2 Deep =>
        new() { Width = 4, Height = 4, Depth = 4, Format = CUarray_format.CU_AD_FORMAT_FLOAT, NumChannels = 1 };

    private static CUarray Storable(GoodCall call) => call.At.Once("storable", () =>
    {
        CUarray array;
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = Deep with { Flags = 2 };
        Cuda.Ok(call.At.Driver.cuArray3DCreate_v2(&array, &shape));
        return array;
    });

    private static CUDA_RESOURCE_DESC_v1 Resource(GoodCall call, CUarray? array = null)
    {
        CUDA_RESOURCE_DESC_v1 resource = new() { resType = CUresourcetype.CU_RESOURCE_TYPE_ARRAY };
        resource.res.array.hArray = array ?? Handle<CUarray>(call);
        return resource;
    }
}
