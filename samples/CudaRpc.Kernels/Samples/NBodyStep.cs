namespace CudaRpc.Kernels;

/// <summary><c>nbody_step.cu</c>.</summary>
public sealed class NBodyStep : KernelSample
{
    private const int Tile = 128;
    private const int Width = 4;
    private const float Step = 0.01f;
    private const float Softening = 0.01f;

    /// <inheritdoc/>
    public override string Name => "nbody_step";

    /// <inheritdoc/>
    public override int DefaultSize => 1024;

    /// <inheritdoc/>
    public override int TestSize => 300;

    /// <inheritdoc/>
    public override string ToleranceReason =>
        "n single-precision forces of an approximate rsqrt are added; the step of 0.01 scales their error before it reaches a value of order 1";

    /// <inheritdoc/>
    public override string Describe(int size) => $"{size} bodies";

    /// <inheritdoc/>
    public override KernelCase Prepare(int size)
    {
        float[] positions = SampleInputs.Signed(12, size * Width);
        float[] velocities = SampleInputs.Signed(13, size * Width);
        for (int mass = Width - 1; mass < positions.Length; mass += Width)
        {
            positions[mass] = (positions[mass] + 1.5f) / size;
        }

        Lazy<(float[] Velocities, float[] Moved)> reference = new(() => Reference(positions, velocities, size));
        return new KernelCase
        {
            Geometry = KernelGeometry.Cover(size, Tile),
            Arguments =
            [
                KernelBuffer.Input(positions),
                KernelBuffer.InOut(velocities, () => reference.Value.Velocities),
                KernelBuffer.Output(size * Width, () => reference.Value.Moved),
                KernelScalar.Of(size),
                KernelScalar.Of(Step),
                KernelScalar.Of(Softening),
            ],
            Tolerance = 2e-6,
        };
    }

    // In double precision: the exact answer as far as the tolerance is concerned.
    private static (float[] Velocities, float[] Moved) Reference(float[] positions, float[] velocities, int n)
    {
        float[] newVelocities = [.. velocities];
        float[] moved = [.. positions];
        double[] pull = new double[3];
        for (int body = 0; body < n; body++)
        {
            Array.Clear(pull);
            for (int other = 0; other < n; other++)
            {
                AddPull(pull, positions.AsSpan(body * Width, Width), positions.AsSpan(other * Width, Width));
            }

            for (int axis = 0; axis < pull.Length; axis++)
            {
                int i = body * Width + axis;
                double velocity = velocities[i] + pull[axis] * Step;
                newVelocities[i] = (float)velocity;
                moved[i] = (float)(positions[i] + velocity * Step);
            }
        }

        return (newVelocities, moved);
    }

    private static void AddPull(double[] pull, ReadOnlySpan<float> body, ReadOnlySpan<float> other)
    {
        double dx = (double)other[0] - body[0];
        double dy = (double)other[1] - body[1];
        double dz = (double)other[2] - body[2];
        double distance = Math.Sqrt(dx * dx + dy * dy + dz * dz + Softening);
        double strength = other[3] / (distance * distance * distance);
        pull[0] += dx * strength;
        pull[1] += dy * strength;
        pull[2] += dz * strength;
    }
}
