using System.Text;

namespace CudaRpc.Simulator.Tests.Ptx.Compiled;

/// <summary>CUDA C expressions of x, y and z, one kernel for each, compiled together.</summary>
internal sealed class ExpressionModule<T>(string type, IReadOnlyList<string> expressions, string architecture, params string[] options)
    where T : unmanaged
{
    private readonly Lazy<string> _ptx = new(() => Nvrtc.Compile(Source(type, expressions), architecture, options));

    /// <summary>The value of an expression for every triple of operands.</summary>
    public TResult[] Evaluate<TResult>(string expression, T[] x, T[] y, T[] z)
        where TResult : unmanaged
    {
        using var bench = new PtxBench(_ptx.Value);
        unsafe
        {
            ulong target = bench.Allocate(x.Length * sizeof(TResult));
            string kernel = $"f{expressions.ToList().IndexOf(expression)}";
            bench.Launch(
                kernel, new((uint)(x.Length + 127) / 128, 1, 1, 128, 1, 1), bench.Allocate(x), bench.Allocate(y), bench.Allocate(z),
                    target, x.Length);
            return bench.Read<TResult>(target, x.Length);
        }
    }

    private static string Source(string type, IReadOnlyList<string> expressions)
    {
        var source = new StringBuilder("typedef long long i64; typedef unsigned long long u64; typedef unsigned u32;\n");
        for (int i = 0; i < expressions.Count; i++)
        {
            source.Append($$"""
                extern "C" __global__ void f{{i}}(const {{type}}* a, const {{type}}* b, const {{type}}* c, void* out, int n)
                {
                    int i = blockIdx.x * blockDim.x + threadIdx.x;
                    if (i >= n) return;
                    {{type}} x = a[i], y = b[i], z = c[i];
                    auto r = {{expressions[i]}};
                    ((decltype(r)*)out)[i] = r;
                }

                """);
        }

        return source.ToString();
    }
}
