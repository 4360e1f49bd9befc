using System.Collections.Frozen;

namespace CudaRpc.Simulator.Ptx.Syntax;

/// <summary>What the types are made of.</summary>
internal static class PtxTypes
{
    private static readonly FrozenDictionary<string, PtxType> s_byWord = Enum.GetValues<PtxType>()
        .Where(type => type != PtxType.None)
        .ToFrozenDictionary(type => "." + type.ToString().ToLowerInvariant());

    /// <summary>The type that <paramref name="word"/> (".u32") names.</summary>
    public static bool TryParse(string word, out PtxType type) => s_byWord.TryGetValue(word, out type);

    extension(PtxType type)
    {
        /// <summary>Size in bits; 0 for predicates.</summary>
        public int Bits => type switch
        {
            PtxType.B8 or PtxType.U8 or PtxType.S8 => 8,
            PtxType.B16 or PtxType.U16 or PtxType.S16 or PtxType.F16 or PtxType.BF16 => 16,
            PtxType.B32 or PtxType.U32 or PtxType.S32 or PtxType.F32 or PtxType.F16X2 or PtxType.BF16X2 or PtxType.U16X2
                or PtxType.S16X2 => 32,
            PtxType.B64 or PtxType.U64 or PtxType.S64 or PtxType.F64 or PtxType.TexRef or PtxType.SurfRef => 64,
            PtxType.B128 => 128,
            _ => 0,
        };

        public int Bytes => type.Bits / 8;

        public bool IsSigned => type is PtxType.S8 or PtxType.S16 or PtxType.S32 or PtxType.S64;

        public bool IsUnsigned => type is PtxType.U8 or PtxType.U16 or PtxType.U32 or PtxType.U64;

        public bool IsInteger => type.IsSigned || type.IsUnsigned;

        public bool IsFloat => type is PtxType.F16 or PtxType.F16X2 or PtxType.BF16 or PtxType.BF16X2 or PtxType.F32 or PtxType.F64;

        /// <summary>As PTX writes it: ".u32".</summary>
        public string Word => "." + type.ToString().ToLowerInvariant();
    }
}
