using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Tests.Ptx;

using Dim3 = CudaRpc.Simulator.Ptx.Dim3; // Not the client's.

/// <summary>What stops a kernel, and what is said about it.</summary>
public sealed class FaultTests
{
    [Fact]
    public void Load_PastTheEnd_NamesKernelBlockThreadAndLine()
    {
        DeviceFaultException fault = Fault("""
            mov.u32 %r1, %tid.x;
            mov.u32 %r2, %ctaid.x;
            mad.lo.u32 %r1, %r2, %ntid.x, %r1;
            mul.wide.u32 %rd2, %r1, 4;
            add.u64 %rd1, %rd1, %rd2;
            ld.global.u32 %r3, [%rd1]; // FAULT
            """, blocks: 2, out ulong address);

        Assert.Equal(DeviceFaultKind.IllegalAddress, fault.Kind);
        Assert.Equal("k", fault.Kernel);
        Assert.Equal(new Dim3(1, 0, 0), fault.Block);
        Assert.Equal(new Dim3(36, 0, 0), fault.Thread);
        Assert.Equal(address + 400, fault.Address);
        Assert.Contains("block (1,0,0), thread (36,0,0)", fault.Message);
    }

    [Theory]
    [InlineData("st.global.u8 [%rd1+400], 0; // FAULT", DeviceFaultKind.IllegalAddress, 400)]
    [InlineData("st.global.u8 [%rd1+-1], 0; // FAULT", DeviceFaultKind.IllegalAddress, -1)]
    [InlineData("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1+392]; // FAULT", DeviceFaultKind.MisalignedAddress, 392)]
    [InlineData("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1+400]; // FAULT", DeviceFaultKind.IllegalAddress, 400)]
    [InlineData("ld.global.u32 %r1, [%rd1+2]; // FAULT", DeviceFaultKind.MisalignedAddress, 2)]
    [InlineData("ld.u64 %rd2, [%rd1+4]; // FAULT", DeviceFaultKind.MisalignedAddress, 4)]
    [InlineData("ld.u32 %r1, [%rd1+400]; // FAULT", DeviceFaultKind.IllegalAddress, 400)]
    [InlineData("atom.global.add.u32 %r1, [%rd1+400], 1; // FAULT", DeviceFaultKind.IllegalAddress, 400)]
    [InlineData("red.global.add.u64 [%rd1+4], 1; // FAULT", DeviceFaultKind.MisalignedAddress, 4)]
    [InlineData("ld.const.u32 %r1, [%rd1+400]; // FAULT", DeviceFaultKind.IllegalAddress, 400)]
    public void GlobalAccess_Outside_OrMisaligned(string code, DeviceFaultKind kind, int offset)
    {
        DeviceFaultException fault = Fault(code, blocks: 1, out ulong address);

        Assert.Equal(kind, fault.Kind);
        Assert.Equal(address + (ulong)offset, fault.Address);
        Assert.Equal(new Dim3(0, 0, 0), fault.Thread);
    }

    [Theory]
    [InlineData("mov.u64 %rd2, 0; ld.global.u32 %r1, [%rd2]; // FAULT", 0)]
    [InlineData("mov.u64 %rd2, 0; ld.u32 %r1, [%rd2+8]; // FAULT", 8)]
    [InlineData("mov.u64 %rd2, -4; ld.global.u32 %r1, [%rd2]; // FAULT", -4)]
    [InlineData("ld.shared.u32 %r1, [tile+64]; // FAULT", 64)]
    [InlineData("mov.u32 %r2, -4; ld.shared.u32 %r1, [%r2]; // FAULT", 0xffff_fffc)]
    [InlineData("st.local.u32 [mine+16], 0; // FAULT", 16)]
    [InlineData("mov.u64 %rd2, mine; st.local.v2.u32 [%rd2+16], {%r1, %r2}; // FAULT", 16)]
    [InlineData("mov.u64 %rd2, tile; cvta.shared.u64 %rd2, %rd2; atom.add.u32 %r1, [%rd2+64], 1; // FAULT", 0x100_0000_0040)]
    [InlineData("mov.u64 %rd2, mine; cvta.local.u64 %rd2, %rd2; ld.u32 %r1, [%rd2+16]; // FAULT", 0x200_0000_0010)]
    public void OtherSpaces_Outside(string code, long address)
    {
        DeviceFaultException fault = Fault(
            ".shared .align 8 .b8 tile[64]; .local .align 8 .b8 mine[16]; mov.u32 %r1, 0; mov.u32 %r2, 0;\n" + code, blocks: 1, out _);

        Assert.Equal(DeviceFaultKind.IllegalAddress, fault.Kind);
        Assert.Equal((ulong)address, fault.Address);
    }

    [Fact]
    public void FirstFaultingThread_IsTheLowestActiveOne()
    {
        DeviceFaultException fault = Fault("""
            mov.u32 %r1, %tid.x;
            setp.ge.u32 %p1, %r1, 45;
            @%p1 st.global.u32 [0], %r1; // FAULT
            """, blocks: 1, out _);

        Assert.Equal(new Dim3(45, 0, 0), fault.Thread);
    }

    [Fact]
    public void Freed_MemoryIsIllegal()
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p", "ld.param.u64 %rd1, [p]; st.global.u32 [%rd1], 1;"));
        ulong p = bench.Allocate(4);
        bench.Launch(1, 1, p);
        bench.Memory.Free(p);

        Assert.Equal(p, Assert.Throws<DeviceFaultException>(() => bench.Launch(1, 1, p)).Address);
    }

    [Fact]
    public void Trap_StopsTheKernel()
    {
        DeviceFaultException fault = Fault("setp.eq.u32 %p1, %tid.x, 3;\n @%p1 trap; // FAULT", blocks: 1, out _);

        Assert.Equal(DeviceFaultKind.Trap, fault.Kind);
        Assert.Equal(new Dim3(3, 0, 0), fault.Thread);
    }

    [Fact]
    public void Assert_SaysWhatFailed()
    {
        const string Data = """
            .global .align 1 .b8 message[6] = {120, 32, 62, 32, 51, 0};
            .global .align 1 .b8 file[5] = {97, 46, 99, 117, 0};
            .global .align 1 .b8 function[2] = {102, 0};
            .extern .func __assertfail(.param .b64 a, .param .b64 b, .param .b32 c, .param .b64 d, .param .b64 e);
            """;
        DeviceFaultException fault = Fault("""
            { .param .b64 a; .param .b64 b; .param .b32 c; .param .b64 d; .param .b64 e;
            mov.u64 %rd2, message; st.param.b64 [a], %rd2;
            mov.u64 %rd2, file; st.param.b64 [b], %rd2;
            st.param.b32 [c], 17;
            mov.u64 %rd2, function; st.param.b64 [d], %rd2;
            st.param.b64 [e], 1;
            call.uni __assertfail, (a, b, c, d, e); // FAULT
            }
            """, blocks: 1, out _, Data);

        Assert.Equal(DeviceFaultKind.Assert, fault.Kind);
        Assert.StartsWith("a.cu:17: f: assertion `x > 3` failed: kernel k", fault.Message);
    }

    [Fact]
    public void Deadlock_AtABarrierThatOthersNeverReach()
    {
        DeviceFaultException fault = Fault("""
            setp.lt.u32 %p1, %tid.x, 32;
            @%p1 bar.sync 1, 64; // FAULT
            @!%p1 bar.sync 2, 64;
            """, blocks: 1, out _);

        Assert.Equal(DeviceFaultKind.Deadlock, fault.Kind);
        Assert.Contains("barrier 1", fault.Message);
    }

    [Fact]
    public void Deadlock_AtAShuffleThatNamesThreadsElsewhere()
    {
        DeviceFaultException fault = Fault("""
            setp.lt.u32 %p1, %laneid, 16;
            @%p1 bra LOW;
            bar.sync 0;
            bra END;
            LOW:
            shfl.sync.idx.b32 %r1, %r1, 0, 31, -1; // FAULT
            bar.sync 0;
            END:
            """.Replace("shfl", "mov.u32 %r1, 0;\nshfl"), blocks: 1, out _);

        Assert.Equal(DeviceFaultKind.Deadlock, fault.Kind);
    }

    [Theory]
    [InlineData("bar.sync 16; // FAULT")]
    [InlineData("bar.sync 0, 40; // FAULT")]
    [InlineData("mov.u32 %r1, 2; T: .branchtargets A, B;\n brx.idx %r1, T; // FAULT\n A: B:")]
    public void IllegalInstructions(string code) =>
        Assert.Equal(DeviceFaultKind.IllegalInstruction, Fault(code, blocks: 1, out _).Kind);

    [Fact]
    public void Fault_InOneOfManyBlocks_StopsAllAndLeavesTheLauncherUsable()
    {
        using var bench = new PtxBench(PtxBench.Kernel(".param .u64 p, .param .u32 bad", """
            ld.param.u64 %rd1, [p];
            ld.param.u32 %r1, [bad];
            mov.u32 %r2, %ctaid.x;
            setp.eq.u32 %p1, %r1, %r2;
            @%p1 trap;
            red.global.add.u32 [%rd1], 1;
            """));
        ulong p = bench.Allocate(4);

        DeviceFaultException fault = Assert.Throws<DeviceFaultException>(() => bench.Launch(1000, 64, p, 700));
        Assert.Equal(new Dim3(700, 0, 0), fault.Block);

        bench.Write(p, [0]);
        bench.Launch(1000, 64, p, -1);
        Assert.Equal(64000, bench.Read<int>(p, 1)[0]);
    }

    // Blocks of 64 threads; %rd1 is the address of 100 words. The line of the fault is that marked so.
    private static DeviceFaultException Fault(string code, uint blocks, out ulong address, string before = "")
    {
        string source = PtxBench.Kernel(".param .u64 p", "ld.param.u64 %rd1, [p];\n" + code, before);
        using var bench = new PtxBench(source);
        ulong words = address = bench.Allocate(400);
        DeviceFaultException fault = Assert.Throws<DeviceFaultException>(() => bench.Launch(blocks, 64, words));
        Assert.Contains("// FAULT", source.Split('\n')[fault.Line - 1]);
        return fault;
    }
}
