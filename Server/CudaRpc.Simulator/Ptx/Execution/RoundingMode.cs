namespace CudaRpc.Simulator.Ptx.Execution;

internal enum RoundingMode
{
    /// <summary>To nearest, ties to even: .rn.</summary>
    Nearest,

    /// <summary>.rz.</summary>
    Zero,

    /// <summary>.rm.</summary>
    Down,

    /// <summary>.rp.</summary>
    Up,
}
