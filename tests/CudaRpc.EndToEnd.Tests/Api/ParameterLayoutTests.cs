using System.Buffers.Binary;
using System.Text;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Server;
using CudaRpc.Simulator.Ptx;

namespace CudaRpc.EndToEnd.Tests.Api;

/// <summary>Launches on servers whose driver cannot tell how a kernel's parameters lie: the image does.</summary>
public sealed unsafe class ParameterLayoutTests
{
    private const string Kernel = """
        .version 7.0
        .target sm_70
        .address_size 64
        .visible .entry mixed(.param .u8 a, .param .u64 b, .param .align 16 .b8 c[20], .param .f32 d) { ret; }
        .visible .entry none { ret; }

        """;

    [Fact]
    public void Launch_OnAnOldDriver_PacksTheParameters()
    {
        var old = new OldDriver();
        using var server = new TestServer(() => old);
        using RemoteDriver driver = server.Connect();
        driver.CreateContext();
        CUmodule module = driver.Load(Kernel);
        CUfunction function = driver.Function(module, "mixed");
        byte a = 7;
        ulong b = 0x1122334455667788;
        UInt128 c = UInt128.MaxValue;
        float d = 1;
        void** parameters = stackalloc void*[] { &a, &b, &c, &d };
        // The third parameter has 20 bytes.
        byte* block = stackalloc byte[20];
        new Span<byte>(block, 20).Fill(9);
        parameters[2] = block;

        Cuda.Ok(driver.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, default, parameters, null));
        Cuda.Ok(driver.cuCtxSynchronize());

        byte[] expected = new byte[40];
        expected[0] = 7;
        BinaryPrimitives.WriteUInt64LittleEndian(expected.AsSpan(8), b);
        expected.AsSpan(16, 20).Fill(9);
        BinaryPrimitives.WriteSingleLittleEndian(expected.AsSpan(36), 1);
        Assert.Equal(expected, old.Packed);
        Cuda.Ok(driver.cuLaunchKernel(driver.Function(module, "none"), 1, 1, 1, 1, 1, 1, 0, default, null, null));
        Cuda.Ok(driver.cuCtxSynchronize());
    }

    [Fact]
    public void Read_OfPtx_IsWhatACompilerReads()
    {
        string text = Kernel + """
            // .entry commented(.param .u32 x)
            .entry pointers(
                .param .u64 .ptr .global .align 4 p, /* one */
                .param .u64 .ptr q,
                .param .u16 r[3]
            )
            .maxntid 64, 1, 1
            { ret; }

            """;
        Dictionary<string, List<ParameterLayout>> read = KernelLayouts.Read(Encoding.UTF8.GetBytes(text + '\0'))!;

        PtxModule parsed = PtxModule.Parse(text, "test");
        Assert.Equal(parsed.Kernels.Keys.Order(), read.Keys.Order());
        foreach ((string name, PtxKernel kernel) in parsed.Kernels)
        {
            Assert.Equal(kernel.Parameters.Select(parameter => new ParameterLayout(parameter.Offset, parameter.Size)), read[name]);
        }
    }

    [Fact]
    public void Read_OfMachineCode_IsWhatItsInfoSaysInAnyOrder()
    {
        byte[] info = [.. Parameter(1, 8, 24, isLarge: false), 3, 0x19, 40, 0, .. Parameter(0, 0, 8, isLarge: false), .. Parameter(2, 32, 5000, isLarge: true)];
        byte[] cubin = Cubin(("kernel", info), ("empty", []));
        byte[] fat = FatBinaries.Build((2, 90, 0, cubin), FatBinaries.Ptx(70, Kernel));

        foreach (byte[] image in (byte[][])[cubin, fat])
        {
            Dictionary<string, List<ParameterLayout>> read = KernelLayouts.Read(image)!;
            Assert.Equal([new ParameterLayout(0, 8), new ParameterLayout(8, 24), new ParameterLayout(32, 5000)], read["kernel"]);
            Assert.Empty(read["empty"]);
        }
    }

    [Fact]
    public void Read_OfGarbage_FindsNothingAndReadsNoFurther()
    {
        byte[] cubin = Cubin(("kernel", [4, 0x17, 255, 255, 1]));
        var random = new Random(7);
        for (int round = 0; round < 2000; round++)
        {
            byte[] damaged = [.. cubin];
            damaged[random.Next(16, damaged.Length)] = (byte)random.Next(256);
            KernelLayouts.Read(damaged);
            KernelLayouts.Read(damaged.AsSpan(0, random.Next(damaged.Length)));
        }

        Assert.Null(KernelLayouts.Read("no code at all"u8));
    }

    private static byte[] Parameter(ushort ordinal, ushort offset, int size, bool isLarge)
    {
        byte[] entry = new byte[16];
        (entry[0], entry[1]) = (4, isLarge ? (byte)0x45 : (byte)0x17);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(2), 12);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(8), ordinal);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(10), offset);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(12), isLarge ? (uint)size : ((uint)size << 18) | 0x1f000);
        return entry;
    }

    private static byte[] Cubin(params (string Kernel, byte[] Info)[] kernels)
    {
        var names = new List<byte> { 0 };
        var contents = new List<byte>();
        var sections = new List<(int Name, int Start, int Length)>();
        foreach ((string kernel, byte[] info) in kernels)
        {
            sections.Add((names.Count, 64 + contents.Count, info.Length));
            names.AddRange(Encoding.ASCII.GetBytes($".nv.info.{kernel}\0"));
            contents.AddRange(info);
        }

        sections.Add((0, 64 + contents.Count, names.Count));
        byte[] file = [.. new byte[64], .. contents, .. names, .. new byte[(sections.Count + 1) * 64]];
        int table = file.Length - ((sections.Count + 1) * 64);
        new byte[] { 0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(file, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(18), 190);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(40), table);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(52), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(58), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(60), (ushort)(sections.Count + 1));
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(62), (ushort)sections.Count);
        for (int index = 0; index < sections.Count; index++)
        {
            Span<byte> header = file.AsSpan(table + ((index + 1) * 64), 64);
            BinaryPrimitives.WriteInt32LittleEndian(header, sections[index].Name);
            BinaryPrimitives.WriteInt32LittleEndian(header[4..], 1);
            BinaryPrimitives.WriteInt64LittleEndian(header[24..], sections[index].Start);
            BinaryPrimitives.WriteInt64LittleEndian(header[32..], sections[index].Length);
        }

        return file;
    }

    /// <summary>A driver of CUDA 12.1.</summary>
    private sealed class OldDriver : FakeDriver
    {
        public byte[] Packed { get; private set; } = [];

        public override CUresult cuDriverGetVersion(int* driverVersion)
        {
            *driverVersion = 12010;
            return CUresult.CUDA_SUCCESS;
        }

        public override CUresult cuFuncGetParamInfo(CUfunction func, nuint paramIndex, nuint* paramOffset, nuint* paramSize) =>
            CUresult.CUDA_ERROR_NOT_SUPPORTED;

        public override CUresult cuLaunchKernel(
            CUfunction f, uint gridDimX, uint gridDimY, uint gridDimZ, uint blockDimX, uint blockDimY, uint blockDimZ,
            uint sharedMemBytes, CUstream hStream, void** kernelParams, void** extra)
        {
            Packed = new ReadOnlySpan<byte>(extra[1], (int)*(nuint*)extra[3]).ToArray();
            return CUresult.CUDA_SUCCESS;
        }
    }
}
