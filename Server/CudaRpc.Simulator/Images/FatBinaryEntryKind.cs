namespace CudaRpc.Simulator.Images;

/// <summary>What an entry of a fat binary holds.</summary>
internal enum FatBinaryEntryKind : ushort
{
    Ptx = 1,
    Cubin = 2,
    IntermediateCode = 8,
}
