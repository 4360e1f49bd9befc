using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Tests.Ptx;

/// <summary>PTX that is refused when it is loaded: by name and line, never half understood.</summary>
public sealed class LoadErrorTests
{
    [Theory]
    [InlineData("tex.2d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [t, {%f5, %f6}]", "tex.2d.v4.f32.f32")]
    [InlineData("wmma.load.a.sync.aligned.row.m16n16k16.f16 {%r1}, [%rd1]", "wmma.load.a.sync.aligned.row.m16n16k16.f16")]
    [InlineData("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%f1}, {%r1}, {%r2}, {%f1}", "mma.sync.aligned.m16n8k8")]
    [InlineData("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r1}, [%r2]", "ldmatrix")]
    [InlineData("mbarrier.init.shared.b64 [%r1], 1", "mbarrier.init.shared.b64")]
    [InlineData("barrier.cluster.arrive.sync", "barrier.cluster.arrive")]
    [InlineData("mapa.u32 %r1, %r2, 0", "mapa.u32")]
    [InlineData("add.s33 %r1, %r2, %r3", "add.s33")]
    [InlineData("add.s32.foo %r1, %r2, %r3", ".foo")]
    [InlineData("add.sat.u32 %r1, %r2, %r3", "add.sat.u32")]
    [InlineData("add.cc.f32 %f1, %f2, %f3", "add.cc.f32")]
    [InlineData("mul.s32 %r1, %r2, %r3", "mul.s32")]
    [InlineData("fma.f32 %f1, %f2, %f3, %f4", "fma.f32")]
    [InlineData("div.f32 %f1, %f2, %f3", "div.f32")]
    [InlineData("sin.f32 %f1, %f2", "sin.f32")]
    [InlineData("add.ftz.f64 %d1, %d2, %d3", "add.ftz.f64")]
    [InlineData("cvt.s32.f32 %r1, %f1", "cvt.s32.f32")]
    [InlineData("cvt.f32.s32 %f1, %r1", "cvt.f32.s32")]
    [InlineData("cvt.f32.f64 %f1, %d1", "cvt.f32.f64")]
    [InlineData("cvt.rna.tf32.f32 %r1, %f1", "cvt.rna.tf32.f32")]
    [InlineData("ld.shared::grid.u32 %r1, [%r2]", "ld.shared::grid.u32")]
    [InlineData("ld.global.L2::cache_hint.u32 %r1, [%rd1], %rd2", "ld.global.L2::cache_hint.u32")]
    [InlineData("st.const.u32 [%rd1], %r1", "st.const.u32")]
    [InlineData("atom.global.add.s64 %rd1, [%rd2], %rd3", "atom.global.add.s64")]
    [InlineData("red.global.add.v2.f32 [%rd1], {%f1, %f2}", "red.global.add.v2.f32")]
    [InlineData("shfl.idx.b32 %r1, %r2, 0, 31", "shfl.idx.b32")]
    [InlineData("cp.async.bulk.commit_group", "cp.async.bulk.commit_group")]
    [InlineData("setp.lo.s32 %p1, %r1, %r2", "setp.lo.s32")]
    [InlineData("setp.lt.b32 %p1, %r1, %r2", "setp.lt.b32")]
    [InlineData("brkpt", "brkpt")]
    [InlineData("call (%r1), unknown, (%r2)", "unknown")]
    [InlineData("call %rd1", "%rd1")]
    [InlineData("call (%r1), %rd1, (%r2), %p1", "prototype")]
    [InlineData("bra NOWHERE", "NOWHERE")]
    [InlineData("mov.u32 %r1, nothing", "nothing")]
    [InlineData("mov.u32 %r1, %rd1", "%rd1")]
    [InlineData("add.u64 %rd1, %rd2, %r3", "%r3")]
    [InlineData("mov.u32 %r99, 0", "%r99")]
    [InlineData("mov.f32 %f1, 5000000000.x", "mov.f32")]
    [InlineData("mov.u32 %r1, 0f3F800000", "mov.u32")]
    [InlineData("ld.global.u32 %r1, [%r2]", "64 bits")]
    [InlineData("ld.global.u64 %r1, [%rd1]", "64")]
    [InlineData("ld.param.u32 %r1, [p+8]", "outside")]
    [InlineData("ld.global.v3.u32 {%r1, %r2, %r3}, [%rd1]", ".v3")]
    [InlineData("ld.global.v4.u64 {%rd1, %rd2, %rd3, %rd4}, [%rd5]", "ld.global.v4.u64")]
    [InlineData("lop3.b32 %r1, %r2, %r3, %r4, 300", "lop3")]
    [InlineData("add.u32 %r1, %r2", "operands")]
    [InlineData("add.u32 5, %r1, %r2", "destination")]
    [InlineData("selp.b32 %r1, %r2, %r3, %r4", "%r4")]
    [InlineData("add.u32 %r1 %r2, %r3", "add.u32")]
    public void Instruction_ThatIsUnknownOrWrong_IsNamedWithItsLine(string instruction, string named)
    {
        string source = PtxBench.Kernel(".param .u64 p", $"mov.u32 %r1, 0;\n{instruction}; // HERE\n");

        PtxException error = Assert.Throws<PtxException>(() => PtxModule.Parse(source, "test"));

        Assert.Contains(named, error.Message);
        Assert.Contains("// HERE", source.Split('\n')[error.Line - 1]);
        Assert.StartsWith($"line {error.Line}: ", error.Message);
    }

    [Theory]
    [InlineData("", "no .version")]
    [InlineData("hello", ".version")]
    [InlineData(".version 8.4", "no .target")]
    [InlineData(".version eight .target sm_75", "version")]
    [InlineData(".version 8.4 .target gfx900", "gfx900")]
    [InlineData(".version 8.4 .target sm_75 .address_size 32", "address_size")]
    [InlineData(".version 8.4 .target sm_75 .global .samplerref t;", ".samplerref")]
    [InlineData(".version 8.4 .target sm_75 .extern .global .u32 x;", "x is not defined")]
    [InlineData(".version 8.4 .target sm_75 .global .u32 x; .global .u32 x;", "declared twice")]
    [InlineData(".version 8.4 .target sm_75 .global .u32 x[2] = {1, 2, 3};", "more initial values")]
    [InlineData(".version 8.4 .target sm_75 .global .u64 x = y;", "y")]
    [InlineData(".version 8.4 .target sm_75 .global .u32 x = y;", "address")]
    [InlineData(".version 8.4 .target sm_75 .global .u32 x[99999999999][99999999999];", "too large")]
    [InlineData(".version 8.4 .target sm_75 .alias a, b;", ".alias")]
    [InlineData(".version 8.4 .target sm_75 .visible .entry k() .blocksareclusters { ret; }", ".blocksareclusters")]
    [InlineData(".version 8.4 .target sm_75 .visible .entry k() { ret; } .visible .entry k() { ret; }", "defined twice")]
    [InlineData(".version 8.4 .target sm_75 .visible .entry k() { .reg .b8 x; ret; }", ".b8")]
    [InlineData(".version 8.4 .target sm_75 .visible .entry k() { .reg .b32 x; .reg .b32 x; ret; }", "declared twice")]
    [InlineData(".version 8.4 .target sm_75 .visible .entry k() { ret;", "end of text")]
    [InlineData(".version 8.4 .target sm_75 /* no end", "comment")]
    [InlineData(".version 8.4 .target sm_75 .file 1 \"no end", "string")]
    [InlineData(".version 8.4 .target sm_75 .visible .entry k() { .local .b8 x[1000000]; ret; }", "local memory")]
    [InlineData(".version 8.4 .target sm_75 .visible .entry k() { .reg .b64 a; .shared .b8 x[10000000]; mov.b64 a, x; ret; }", "too large")]
    [InlineData(".version 8.4 .target sm_75 .visible .entry k(.param .b8 x[40000]) { ret; }", "x")]
    public void Module_ThatIsMalformed_IsRefused(string source, string named)
    {
        PtxException error = Assert.Throws<PtxException>(() => PtxModule.Parse(source, "test"));

        Assert.Contains(named, error.Message);
    }

    [Fact]
    public void Recursion_IsRefused()
    {
        string source = PtxBench.Kernel("", "call a;", ".func b; .func a { call b; ret; } .func b { call a; ret; }");

        Assert.Contains("recursion of a", Assert.Throws<PtxException>(() => PtxModule.Parse(source, "test")).Message);
    }

    [Fact]
    public void Calls_ThatMultiply_AreRefusedBeforeTheyFillTheMemory()
    {
        string functions = ".func f0 { .reg .b32 a; mov.b32 a, 0; ret; }";
        for (int i = 1; i < 40; i++)
        {
            functions += $".func f{i} {{ call f{i - 1}; call f{i - 1}; ret; }}";
        }

        string source = PtxBench.Kernel("", "call f39;", functions);

        Assert.Contains("too many instructions", Assert.Throws<PtxException>(() => PtxModule.Parse(source, "test")).Message);
    }

    [Fact]
    public void Mutations_OfRealPtx_EitherLoadOrSayWhere()
    {
        string text = Kernels.KernelSamples.All.Single(sample => sample.Name == "histogram").ReadPtx();
        var random = new Random(1);
        int refused = 0;
        for (int i = 0; i < 3000; i++)
        {
            char[] mutated = text.ToCharArray();
            for (int k = random.Next(1, 4); k > 0; k--)
            {
                mutated[random.Next(mutated.Length)] = (char)random.Next(32, 127);
            }

            int length = random.Next(10) == 0 ? random.Next(mutated.Length) : mutated.Length;
            try
            {
                PtxModule.Parse(new string(mutated, 0, length), "mutated");
            }
            catch (PtxException error)
            {
                Assert.InRange(error.Line, 1, text.Count(c => c == '\n') + 1);
                refused++;
            }
        }

        Assert.InRange(refused, 500, 3000);
    }
}
