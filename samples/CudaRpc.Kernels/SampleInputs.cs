namespace CudaRpc.Kernels;

/// <summary>Deterministic inputs: the same seed and count always give the same values.</summary>
internal static class SampleInputs
{
    /// <summary>Values in [-1, 1).</summary>
    public static float[] Signed(int seed, int count)
    {
        Random random = new(seed);
        return Fill(count, () => random.NextSingle() * 2 - 1);
    }

    /// <summary>Whole numbers in [0, limit).</summary>
    public static float[] Whole(int seed, int count, int limit)
    {
        Random random = new(seed);
        return Fill(count, () => (float)random.Next(limit));
    }

    public static byte[] Bytes(int seed, int count)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static float[] Fill(int count, Func<float> next)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = next();
        }

        return values;
    }
}
