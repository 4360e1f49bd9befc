using System.Runtime.InteropServices;
using CudaRpc.Simulator.Tests.Driver;

namespace CudaRpc.Simulator.Tests.Ptx.Compiled;

/// <summary>Four results of a texture read as floating point.</summary>
internal readonly record struct Float4(float X, float Y, float Z, float W);

/// <summary>Four results of a texture read as integers.</summary>
internal readonly record struct Int4(int X, int Y, int Z, int W);

/// <summary>A driver with a module of texture kernels: arrays with contents, objects on them, launches with results.</summary>
internal sealed unsafe class TextureStage : IDisposable
{
    private readonly CUmodule _module;

    public TextureStage(string ptx) => _module = Bench.LoadModule(ptx);

    public Bench Bench { get; } = new();

    public CUmodule Module => _module;

    public void Dispose() => Bench.Dispose();

    public CUdeviceptr Allocate<T>(T[] contents)
        where T : unmanaged
    {
        nuint bytes = (nuint)(contents.Length * sizeof(T));
        CUdeviceptr memory = Bench.Allocate(bytes);
        fixed (T* source = contents)
        {
            Bench.Must(Bench.Driver.cuMemcpyHtoD_v2(memory, source, bytes));
        }

        return memory;
    }

    /// <summary>An array with these contents, as a resource.</summary>
    public CUDA_RESOURCE_DESC_v1 Array<T>(int width, int height, int depth, CUarray_format format, int channels, uint flags, T[] contents)
        where T : unmanaged
    {
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = new()
        {
            Width = (nuint)width,
            Height = (nuint)height,
            Depth = (nuint)depth,
            Format = format,
            NumChannels = (uint)channels,
            Flags = flags,
        };
        CUarray array;
        Bench.Must(Bench.Driver.cuArray3DCreate_v2(&array, &shape));
        fixed (T* source = contents)
        {
            CUDA_MEMCPY3D_v2 copy = Whole(array);
            copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
            copy.srcHost = source;
            copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_ARRAY;
            copy.dstArray = array;
            Assert.Equal((nuint)(contents.Length * sizeof(T)), copy.WidthInBytes * copy.Height * copy.Depth);
            Bench.Must(Bench.Driver.cuMemcpy3D_v2(&copy));
        }

        CUDA_RESOURCE_DESC_v1 resource = new() { resType = CUresourcetype.CU_RESOURCE_TYPE_ARRAY };
        resource.res.array.hArray = array;
        return resource;
    }

    /// <summary>A square mipmapped array of floats whose levels have one value each.</summary>
    public CUDA_RESOURCE_DESC_v1 Mipmap(int size, int levels, Func<int, float> value)
    {
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape = new()
        {
            Width = (nuint)size,
            Height = (nuint)size,
            Format = CUarray_format.CU_AD_FORMAT_FLOAT,
            NumChannels = 1,
        };
        CUmipmappedArray mipmap;
        Bench.Must(Bench.Driver.cuMipmappedArrayCreate(&mipmap, &shape, (uint)levels));
        for (int level = 0; level < levels; level++)
        {
            CUarray array;
            Bench.Must(Bench.Driver.cuMipmappedArrayGetLevel(&array, mipmap, (uint)level));
            float[] contents = [.. Enumerable.Repeat(value(level), (size >> level) * (size >> level))];
            fixed (float* source = contents)
            {
                CUDA_MEMCPY3D_v2 copy = Whole(array);
                copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
                copy.srcHost = source;
                copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_ARRAY;
                copy.dstArray = array;
                Bench.Must(Bench.Driver.cuMemcpy3D_v2(&copy));
            }
        }

        CUDA_RESOURCE_DESC_v1 resource = new() { resType = CUresourcetype.CU_RESOURCE_TYPE_MIPMAPPED_ARRAY };
        resource.res.mipmap.hMipmappedArray = mipmap;
        return resource;
    }

    public CUresult TryTexture(CUDA_RESOURCE_DESC_v1 resource, CUDA_TEXTURE_DESC_v1 description, CUDA_RESOURCE_VIEW_DESC_v1* view, out ulong texture)
    {
        ulong made;
        CUresult result = Bench.Driver.cuTexObjectCreate(&made, &resource, &description, view);
        texture = made;
        return result;
    }

    public ulong Texture(CUDA_RESOURCE_DESC_v1 resource, CUDA_TEXTURE_DESC_v1 description, CUDA_RESOURCE_VIEW_DESC_v1* view = null)
    {
        Bench.Must(TryTexture(resource, description, view, out ulong texture));
        return texture;
    }

    public ulong Surface(CUDA_RESOURCE_DESC_v1 resource)
    {
        ulong surface;
        Bench.Must(Bench.Driver.cuSurfObjectCreate(&surface, &resource));
        return surface;
    }

    /// <summary>Runs threads whose results are one element each: the kernel's parameters are texture, target and these arguments.</summary>
    public Float4[] Run(string kernel, int threads, ulong texture, params object[] arguments) => Run<Float4>(kernel, threads, texture, arguments);

    public T[] Run<T>(string kernel, int threads, ulong texture, params object[] arguments)
        where T : unmanaged
    {
        T[] results = new T[threads];
        CUdeviceptr target = Bench.Allocate((nuint)(threads * sizeof(T)));
        Launch(kernel, (threads, 1, 1), [texture, target.Value, .. arguments]);
        fixed (T* back = results)
        {
            Bench.Must(Bench.Driver.cuMemcpyDtoH_v2(back, target, (nuint)(threads * sizeof(T))));
        }

        return results;
    }

    public void Launch(string kernel, (int X, int Y, int Z) block, params object[] arguments) =>
        Bench.Must(TryLaunch(kernel, block, arguments));

    public CUresult TryLaunch(string kernel, (int X, int Y, int Z) block, params object[] arguments)
    {
        CUfunction function = Bench.GetFunction(_module, kernel);
        ulong* values = stackalloc ulong[arguments.Length];
        void** parameters = stackalloc void*[arguments.Length];
        for (int i = 0; i < arguments.Length; i++)
        {
            values[i] = arguments[i] is float single ? BitConverter.SingleToUInt32Bits(single) : Convert.ToUInt64(arguments[i], null);
            parameters[i] = values + i;
        }

        Bench.Must(Bench.Driver.cuLaunchKernel(function, 1, 1, 1, (uint)block.X, (uint)block.Y, (uint)block.Z, 0, default, parameters, null));
        return Bench.Driver.cuCtxSynchronize();
    }

    public T[] Read<T>(CUDA_RESOURCE_DESC_v1 resource, int count)
        where T : unmanaged
    {
        T[] contents = new T[count];
        fixed (T* target = contents)
        {
            CUDA_MEMCPY3D_v2 copy = Whole(resource.res.array.hArray);
            copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_ARRAY;
            copy.srcArray = resource.res.array.hArray;
            copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
            copy.dstHost = target;
            Assert.Equal((nuint)(count * sizeof(T)), copy.WidthInBytes * copy.Height * copy.Depth);
            Bench.Must(Bench.Driver.cuMemcpy3D_v2(&copy));
        }

        return contents;
    }

    private CUDA_MEMCPY3D_v2 Whole(CUarray array)
    {
        CUDA_ARRAY3D_DESCRIPTOR_v2 shape;
        Bench.Must(Bench.Driver.cuArray3DGetDescriptor_v2(&shape, array));
        nuint texel = shape.NumChannels * shape.Format switch
        {
            CUarray_format.CU_AD_FORMAT_UNSIGNED_INT8 or CUarray_format.CU_AD_FORMAT_SIGNED_INT8 or CUarray_format.CU_AD_FORMAT_SNORM_INT8X2 => 1u,
            CUarray_format.CU_AD_FORMAT_UNSIGNED_INT16 or CUarray_format.CU_AD_FORMAT_SIGNED_INT16 or CUarray_format.CU_AD_FORMAT_HALF => 2u,
            _ => 4u,
        };
        return new CUDA_MEMCPY3D_v2
        {
            WidthInBytes = shape.Width * texel,
            Height = nuint.Max(shape.Height, 1),
            Depth = nuint.Max(shape.Depth, 1),
        };
    }
}
