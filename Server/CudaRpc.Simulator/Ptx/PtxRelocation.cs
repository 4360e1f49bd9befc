namespace CudaRpc.Simulator.Ptx;

/// <summary>The address of <paramref name="Symbol"/> plus <paramref name="Addend"/> is to be stored at <paramref name="Offset"/>.</summary>
internal readonly record struct PtxRelocation(int Offset, string Symbol, long Addend);
