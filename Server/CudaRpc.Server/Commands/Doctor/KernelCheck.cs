using System.Buffers.Binary;
using System.Text;
using CudaRpc.Driver;
using CudaRpc.Simulator;
using CudaRpc.Simulator.Images;
using ELFSharp.ELF;

namespace CudaRpc.Server.Commands.Doctor;

/// <summary>Whether the fat binaries of a program load on the server's device: each is loaded there.</summary>
internal static unsafe class KernelCheck
{
    private const int LogBytes = 4 << 10;
    private const int ElfHeaderBytes = 64;
    private const int ElfVersion = 20;

    /// <param name="section">The program's .nv_fatbin section: fat binaries one after another, each at a multiple of eight bytes.</param>
    /// <param name="session">Where to load them, if there is a server.</param>
    /// <param name="findings">Takes the results.</param>
    public static void Run(byte[] section, CudaSession? session, Findings findings)
    {
        using CudaContext? context = session is { Devices.Count: > 0 } ? session.Devices[0].CreateContext() : null;
        int number = 0;
        for (int start = 0; start + FatBinary.HeaderBytes <= section.Length;)
        {
            long length = FatBinary.Length(section.AsSpan(start));
            if (length == 0 || length > section.Length - start)
            {
                start += 8;
                continue;
            }

            ReadOnlySpan<byte> image = section.AsSpan(start, (int)length);
            List<FatBinaryEntry>? entries = FatBinary.Read(image);
            // nvcc links one without kernels into every program: without entries, or with machine code of no function. Nothing is ever loaded from it.
            if (entries is null || HasKernels(image, entries))
            {
                Check(++number, image, entries, context, findings);
            }

            start += (int)((length + 7) & ~7L);
        }

        if (number == 0)
        {
            findings.Surprise("its section for kernels (.nv_fatbin) is empty");
        }
    }

    private static void Check(int number, ReadOnlySpan<byte> image, List<FatBinaryEntry>? entries, CudaContext? context, Findings findings)
    {
        string what = $"kernels {number}: {Describe(entries)}";
        if (context is null)
        {
            findings.Surprise($"{what}; not tried, for want of a device");
            return;
        }

        CUresult result = Load(image, context, out string log);
        if (result == CUresult.CUDA_SUCCESS)
        {
            findings.Right($"{what}; loads on {context.Device.Name}");
        }
        else
        {
            string reason = result != CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU ? log.Length > 0 ? $": {log.ReplaceLineEndings("; ")}" : ""
                : context.Device.Name == SimulatedGpuOptions.DefaultName && HasNoPtx(entries)
                    ? ": a simulated GPU executes PTX only; have nvcc add it (-gencode=arch=compute_80,code=compute_80)"
                    : ": none of it is for this device";
            findings.Wrong($"{what}; does not load on {context.Device.Name} ({CudaErrors.Name(result)}){reason}");
        }
    }

    private static CUresult Load(ReadOnlySpan<byte> image, CudaContext context, out string log)
    {
        CudaDriver driver = context.Enter();
        byte* buffer = stackalloc byte[LogBytes];
        new Span<byte>(buffer, LogBytes).Clear();
        CUjit_option* options = stackalloc[] { CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES };
        void** values = stackalloc void*[] { buffer, (void*)LogBytes };
        CUmodule module;
        CUresult result;
        // SAFETY: a whole fat binary, whose header gives its length.
        fixed (byte* start = image)
        {
            result = driver.cuModuleLoadDataEx(&module, start, 2, options, values);
        }

        if (result == CUresult.CUDA_SUCCESS)
        {
            driver.cuModuleUnload(module);
        }

        log = Encoding.UTF8.GetString(new ReadOnlySpan<byte>(buffer, LogBytes)).Split('\0')[0].Trim();
        return result;
    }

    private static bool HasKernels(ReadOnlySpan<byte> image, List<FatBinaryEntry> entries)
    {
        foreach (FatBinaryEntry entry in entries)
        {
            if (entry.Kind != FatBinaryEntryKind.Cubin || FatBinary.Expand(image, entry) is not byte[] code || HasFunctions(code))
            {
                return true;
            }
        }

        return false;
    }

    // What cannot be read may have some.
    private static bool HasFunctions(byte[] code)
    {
        if (code.Length < ElfHeaderBytes)
        {
            return true;
        }

        // Machine code for a GPU says the compiler's version where ELF has its own, which is 1.
        BinaryPrimitives.WriteUInt32LittleEndian(code.AsSpan(ElfVersion), 1);
        using var bytes = new MemoryStream(code);
        try
        {
            return !ELFReader.TryLoad(bytes, false, out IELF? elf) || elf.Sections.Any(static section => section.Name.StartsWith(".text.", StringComparison.Ordinal));
        }
        catch (Exception failure) when (failure is ArgumentException or IOException or InvalidOperationException)
        {
            return true;
        }
    }

    private static bool HasNoPtx(List<FatBinaryEntry>? entries) => entries?.TrueForAll(static entry => entry.Kind != FatBinaryEntryKind.Ptx) ?? false;

    private static string Describe(List<FatBinaryEntry>? entries) =>
        entries is null
            ? "damaged"
            : string.Join(", ", entries.Select(static entry => entry.Kind switch
            {
                FatBinaryEntryKind.Ptx => $"PTX for {Architecture(entry)} and later",
                FatBinaryEntryKind.Cubin => $"machine code for {Architecture(entry)}",
                _ => $"code of kind {(int)entry.Kind}",
            }).Distinct());

    private static string Architecture(FatBinaryEntry entry) => $"{entry.Architecture / 10}.{entry.Architecture % 10}";
}
