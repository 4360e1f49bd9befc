namespace CudaRpc.Simulator.Ptx;

/// <summary>One kernel parameter. <paramref name="Offset"/> counts bytes from the start of the parameter buffer.</summary>
public sealed record PtxParameter(string Name, int Offset, int Size, int Alignment);
