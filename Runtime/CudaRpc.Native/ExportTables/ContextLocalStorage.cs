using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Driver;

namespace CudaRpc.Native;

/// <summary>
/// CONTEXT_LOCAL_STORAGE: what each CUDA runtime of the process remembers for a context, under a key of its own. Read at nearly every call of a
/// runtime: no lock, no allocation.
/// </summary>
internal static unsafe class ContextLocalStorage
{
    /// <summary>The table: three functions and null, without a size.</summary>
    public static readonly nint* Table = MakeTable();

    private static readonly ConcurrentDictionary<(CUcontext Context, nint Key), Item> s_items = new();

    /// <summary>
    /// The context has ended: destroys what was kept for it. The runtimes' destructors are called without a lock, as they may call the driver.
    /// </summary>
    public static void End(CUcontext context)
    {
        foreach ((CUcontext Context, nint Key) place in s_items.Keys)
        {
            if (place.Context == context && s_items.TryRemove(place, out Item item) && item.Destructor != 0)
            {
                ((delegate* unmanaged[Cdecl]<CUcontext, nint, nint, void>)item.Destructor)(context, place.Key, item.Value);
            }
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static CUresult Put(CUcontext context, nint key, nint value, nint destructor)
    {
        try
        {
            CUresult result = Resolve(ref context);
            if (result != CUresult.CUDA_SUCCESS) return result;
            // An item of a context that has ended would never be destroyed.
            uint version;
            result = Entry.Driver is { } driver ? driver.cuCtxGetApiVersion(context, &version) : Entry.NoDriver;
            if (result == CUresult.CUDA_SUCCESS) s_items[(context, key)] = new Item(value, destructor);
            return result;
        }
        catch (Exception failure)
        {
            return Entry.Failed(failure, "CONTEXT_LOCAL_STORAGE[0]");
        }
    }

    // The runtime that deletes has destroyed the value itself.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static CUresult Delete(CUcontext context, nint key)
    {
        try
        {
            CUresult result = Resolve(ref context);
            if (result != CUresult.CUDA_SUCCESS) return result;
            return s_items.TryRemove((context, key), out _) ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_HANDLE;
        }
        catch (Exception failure)
        {
            return Entry.Failed(failure, "CONTEXT_LOCAL_STORAGE[1]");
        }
    }

    // Never success without a value: the runtime would use it.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static CUresult Get(nint* value, CUcontext context, nint key)
    {
        try
        {
            CUresult result = Resolve(ref context);
            if (result != CUresult.CUDA_SUCCESS) return result;
            if (!s_items.TryGetValue((context, key), out Item item)) return CUresult.CUDA_ERROR_INVALID_HANDLE;
            *value = item.Value;
            return CUresult.CUDA_SUCCESS;
        }
        catch (Exception failure)
        {
            return Entry.Failed(failure, "CONTEXT_LOCAL_STORAGE[2]");
        }
    }

    /// <summary>Null is the thread's current context.</summary>
    private static CUresult Resolve(ref CUcontext context)
    {
        if (Entry.Driver is not { } driver) return Entry.NoDriver;
        if (context.Value != 0) return CUresult.CUDA_SUCCESS;
        CUcontext current;
        CUresult result = driver.cuCtxGetCurrent(&current);
        context = current;
        return result == CUresult.CUDA_SUCCESS && current.Value == 0 ? CUresult.CUDA_ERROR_INVALID_CONTEXT : result;
    }

    private static nint* MakeTable()
    {
        nint* table = ExportTable.Allocate(4);
        table[0] = (nint)(delegate* unmanaged[Cdecl]<CUcontext, nint, nint, nint, CUresult>)&Put;
        table[1] = (nint)(delegate* unmanaged[Cdecl]<CUcontext, nint, CUresult>)&Delete;
        table[2] = (nint)(delegate* unmanaged[Cdecl]<nint*, CUcontext, nint, CUresult>)&Get;
        return table;
    }

    private readonly record struct Item(nint Value, nint Destructor);
}
