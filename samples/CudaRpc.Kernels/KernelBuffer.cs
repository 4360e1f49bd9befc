using System.Numerics;
using System.Runtime.InteropServices;

namespace CudaRpc.Kernels;

/// <summary>Device memory that a kernel reads, writes or both, with its host side and the expected results.</summary>
public abstract class KernelBuffer : KernelArgument
{
    private protected KernelBuffer()
    {
    }

    /// <summary>Whether <see cref="Contents"/> is copied to the device before the launch.</summary>
    public abstract bool IsInput { get; }

    /// <summary>Whether the memory is copied to <see cref="Results"/> after the launch.</summary>
    public abstract bool IsOutput { get; }

    /// <summary>Size in bytes.</summary>
    public abstract int ByteCount { get; }

    /// <summary>What the kernel reads. Empty if the buffer is no input.</summary>
    public abstract ReadOnlySpan<byte> Contents { get; }

    /// <summary>Where the results go. Empty if the buffer is no output.</summary>
    public abstract Span<byte> Results { get; }

    /// <summary>Writes the expected results into <see cref="Results"/>: what a correct run leaves there.</summary>
    public abstract void FillWithReference();

    /// <summary>The largest error of <see cref="Results"/>; see <see cref="KernelCase.MaxError"/>.</summary>
    public abstract double MaxError();

    /// <summary>A buffer that the kernel only reads.</summary>
    public static KernelBuffer Input<T>(T[] contents)
        where T : unmanaged, INumber<T> => new Typed<T>(contents, null, contents.Length);

    /// <summary>A buffer of <paramref name="count"/> elements that the kernel writes whole.</summary>
    public static KernelBuffer Output<T>(int count, Func<T[]> reference)
        where T : unmanaged, INumber<T> => new Typed<T>(null, reference, count);

    /// <summary>A buffer that the kernel updates in place.</summary>
    public static KernelBuffer InOut<T>(T[] contents, Func<T[]> reference)
        where T : unmanaged, INumber<T> => new Typed<T>(contents, reference, contents.Length);

    private sealed class Typed<T>(T[]? contents, Func<T[]>? reference, int count) : KernelBuffer
        where T : unmanaged, INumber<T>
    {
        private readonly T[] _results = reference is null ? [] : new T[count];
        private readonly Lazy<T[]> _reference = new(reference ?? (() => []));

        public override bool IsInput => contents is not null;

        public override bool IsOutput => reference is not null;

        public override int ByteCount => MemoryMarshal.AsBytes<T>([default]).Length * count;

        public override ReadOnlySpan<byte> Contents => MemoryMarshal.AsBytes<T>(contents);

        public override Span<byte> Results => MemoryMarshal.AsBytes(_results.AsSpan());

        public override void FillWithReference() => _reference.Value.CopyTo(_results, 0);

        public override double MaxError()
        {
            double worst = 0;
            foreach ((T actual, T expected) in _results.Zip(_reference.Value))
            {
                double right = double.CreateChecked(expected);
                double error = Math.Abs(double.CreateChecked(actual) - right) / Math.Max(1, Math.Abs(right));
                if (double.IsNaN(error))
                {
                    return double.PositiveInfinity;
                }

                worst = Math.Max(worst, error);
            }

            return worst;
        }
    }
}
