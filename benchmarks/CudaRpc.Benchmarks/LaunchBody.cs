using CudaRpc.Client;
using CudaRpc.Protocol;

namespace CudaRpc.Benchmarks;

/// <summary>The arguments of a launch with four parameters, as they travel.</summary>
internal static class LaunchBody
{
    /// <summary>Three pointers and an integer.</summary>
    private static readonly byte[] s_parameters = new byte[28];

    public static void Write(BodyWriter writer, nint function)
    {
        writer.Write((long)function);
        writer.Write(1024U);
        writer.Write(1U);
        writer.Write(1U);
        writer.Write(256U);
        writer.Write(1U);
        writer.Write(1U);
        writer.Write(0U);
        writer.Write(0L);
        writer.Write(s_parameters);
    }

    public static byte[] Bytes(nint function)
    {
        var buffer = new ByteBuffer(256, 4096);
        Write(new BodyWriter(buffer), function);
        return buffer.Written.ToArray();
    }

    public static FrameHeader Header(int length) => new((uint)length, CallId.cuLaunchKernel, FrameFlags.Posted, 0, 1, 0);
}
