namespace CudaRpc.Simulator.Ptx;

/// <summary>What a variable is that programs bind rather than read.</summary>
internal enum PtxOpaqueKind
{
    /// <summary>An ordinary variable.</summary>
    None,

    /// <summary>A texture reference: .texref.</summary>
    Texture,

    /// <summary>A surface reference: .surfref.</summary>
    Surface,
}
