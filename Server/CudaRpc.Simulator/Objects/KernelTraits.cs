using CudaRpc.Simulator.Ptx;

namespace CudaRpc.Simulator.Objects;

/// <summary>What a compiler for the device would decide about a kernel: the resources that attributes and occupancy speak of.</summary>
internal sealed class KernelTraits
{
    private const int RegisterUnit = 8;

    public KernelTraits(PtxKernel kernel)
    {
        MaxThreads = kernel.MaxThreads == 0
            ? DeviceAttributes.MaxThreadsPerBlock
            : Math.Min(kernel.MaxThreads, DeviceAttributes.MaxThreadsPerBlock);
        // A compiler spills what would keep a block of the largest size from running.
        int most = Math.Min(
            DeviceAttributes.RegistersPerMultiprocessor / RoundUp(MaxThreads, DeviceAttributes.WarpSize) / RegisterUnit * RegisterUnit,
            DeviceAttributes.MaxRegistersPerThread);
        Registers = Math.Clamp(kernel.Registers, 1, most);
        SharedBytes = kernel.SharedBytes;
        LocalBytes = kernel.LocalBytes;
        RequiredCluster = kernel.RequiredCluster ?? default;
        ClusterIsRequired = kernel.ClusterIsRequired;
    }

    /// <summary>Blocks of a cluster that the code was compiled for, or default.</summary>
    public Dim3 RequiredCluster { get; }

    /// <summary>Whether the code was compiled for clusters of whatever size.</summary>
    public bool ClusterIsRequired { get; }

    public int MaxThreads { get; }

    public int Registers { get; }

    public int SharedBytes { get; }

    public int LocalBytes { get; }

    /// <summary>Dynamic shared memory that a launch may ask for unless the program raises the limit.</summary>
    public int DefaultDynamicShared => Math.Max(0, DeviceAttributes.SharedPerBlock - SharedBytes);

    /// <summary>How far the program may raise it.</summary>
    public int LargestDynamicShared => Math.Max(0, DeviceAttributes.SharedPerBlockOptIn - SharedBytes);

    public static int RoundUp(int value, int unit) => (value + unit - 1) / unit * unit;
}
