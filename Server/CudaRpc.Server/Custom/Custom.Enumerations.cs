using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

internal static unsafe partial class Custom
{
    // What a page of functions may come to, in bytes; estimated from above, far below a body.
    private const int PageBytes = 512 << 10;

    public static void cuModuleEnumerateFunctions(CudaDriver driver, ref ServerCall call)
    {
        var module = new CUmodule(call.ReadHandle(HandleKind.CUmodule, out nint parent));
        var page = FunctionPage.Read(ref call);
        if (!call.Begin())
        {
            return;
        }

        uint count;
        CUfunction[] functions = [];
        CUresult status = driver.cuModuleGetFunctionCount(&count, module);
        if (status == CUresult.CUDA_SUCCESS && count > page.First)
        {
            functions = new CUfunction[count];
            fixed (CUfunction* first = functions)
            {
                status = driver.cuModuleEnumerateFunctions(first, count, module);
            }
        }

        for (uint index = page.First; status == CUresult.CUDA_SUCCESS && index < functions.Length && page.HasRoom; index++)
        {
            CUfunction function = functions[index];
            byte* name;
            status = driver.cuFuncGetName(&name, function);
            if (status == CUresult.CUDA_SUCCESS)
            {
                status = page.Add(
                    ref call, HandleKind.CUfunction, function.Value, parent, Text(name), ParametersOf(driver, function), FunctionAttributes(driver, function));
            }
        }

        page.Reply(ref call, status);
    }

    public static void cuLibraryEnumerateKernels(CudaDriver driver, ref ServerCall call)
    {
        var library = new CUlibrary(call.ReadHandle(HandleKind.CUlibrary, out nint parent));
        var page = FunctionPage.Read(ref call);
        if (!call.Begin())
        {
            return;
        }

        uint count;
        CUkernel[] kernels = [];
        CUresult status = driver.cuLibraryGetKernelCount(&count, library);
        if (status == CUresult.CUDA_SUCCESS && count > page.First)
        {
            kernels = new CUkernel[count];
            fixed (CUkernel* first = kernels)
            {
                status = driver.cuLibraryEnumerateKernels(first, count, library);
            }
        }

        for (uint index = page.First; status == CUresult.CUDA_SUCCESS && index < kernels.Length && page.HasRoom; index++)
        {
            CUkernel kernel = kernels[index];
            byte* name;
            status = driver.cuKernelGetName(&name, kernel);
            if (status == CUresult.CUDA_SUCCESS)
            {
                status = page.Add(
                    ref call, HandleKind.CUkernel, kernel.Value, parent, Text(name), ParametersOf(driver, kernel), KernelAttributes(driver, kernel));
            }
        }

        page.Reply(ref call, status);
    }

    private static byte[] Text(byte* text) => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text).ToArray();

    /// <summary>Functions that go back with one reply: from the first that is asked for on, as many as fit and as there are ids for.</summary>
    private sealed class FunctionPage
    {
        private readonly List<(nint Id, byte[] Name, List<ParameterLayout>? Parameters, List<(int, int)> Attributes)> _entries = [];
        private readonly long _firstId;
        private readonly int _ids;
        private int _bytes;

        private FunctionPage(uint first, long firstId, int ids)
        {
            First = first;
            _firstId = firstId;
            _ids = ids;
        }

        public uint First { get; }

        public bool HasRoom => _entries.Count < _ids && _bytes < PageBytes;

        public static FunctionPage Read(ref ServerCall call)
        {
            uint first = call.ReadUInt32();
            long firstId = call.ReadInt64();
            int ids = call.ReadInt32();
            if (ids is <= 0 or > RemoteDriver.FunctionsPerPage || firstId < HandleId.FirstMinted || firstId > (long.MaxValue >> 8) - ids)
            {
                call.Malformed($"{ids} new handles from {firstId} on");
            }

            return new FunctionPage(first, firstId, ids);
        }

        public CUresult Add(
            ref ServerCall call, HandleKind kind, nint native, nint parent, byte[] name,
            List<ParameterLayout>? parameters, List<(int, int)> attributes)
        {
            nint id = call.Session.Handles.Find(kind, native);
            if (id == 0)
            {
                if (!call.Session.Handles.HasRoom)
                {
                    return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
                }

                id = HandleId.Make(kind, _firstId + _entries.Count);
                call.Bind(id, native, parent);
            }

            _entries.Add((id, name, parameters, attributes));
            // A number takes at most five bytes.
            _bytes += name.Length + 32 + (10 * (parameters?.Count ?? 0)) + (10 * attributes.Count);
            return CUresult.CUDA_SUCCESS;
        }

        public void Reply(ref ServerCall call, CUresult status)
        {
            if (!call.Reply(status))
            {
                return;
            }

            call.Write(_entries.Count);
            foreach ((nint id, byte[] name, List<ParameterLayout>? parameters, List<(int, int)> attributes) in _entries)
            {
                call.Write(id);
                fixed (byte* text = name)
                {
                    call.WriteArray(text, (nuint)name.Length);
                }

                WriteParameters(ref call, parameters);
                WriteAttributes(ref call, attributes);
            }
        }
    }
}
