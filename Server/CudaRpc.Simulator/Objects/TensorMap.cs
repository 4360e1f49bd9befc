using static CudaRpc.Driver.CUtensorMapDataType;

namespace CudaRpc.Simulator.Objects;

/// <summary>
/// A tensor as cuTensorMapEncode* is told of it, and how it is written into a CUtensorMap. The layout of NVIDIA's hardware is not public; this
/// one is the simulator's and says the same. Rules: CUDA driver API, "Tensor Map Object Management".
/// </summary>
internal ref struct TensorMap
{
    private const int Alignment = 64, Words = 16, LargestRank = 5;
    private const ulong Magic = 0x544d_4150_5349_4d01, LargestDimension = 1UL << 32, LargestStride = 1UL << 40;

    // Words of the map.
    private const int MagicAt = 0, AddressAt = 1, KindsAt = 2, DimensionsAt = 3, StridesAt = 6, BoxAt = 10, ElementStridesAt = 12, CornersAt = 13, PixelsAt = 15;

    private readonly CUtensorMapDataType _type;
    private readonly uint _rank;
    private readonly ulong _address;
    private readonly CUtensorMapInterleave _interleave;
    private readonly CUtensorMapSwizzle _swizzle;
    private readonly CUtensorMapL2promotion _promotion;
    private readonly CUtensorMapFloatOOBfill _fill;
    private WordsOfMap _words;

    public TensorMap(
        CUtensorMapDataType type, uint rank, ulong address, CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
        CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill) =>
        (_type, _rank, _address, _interleave, _swizzle, _promotion, _fill) = (type, rank, address, interleave, swizzle, promotion, fill);

    private readonly bool IsPacked => _type is CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN8B or CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN16B or CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B;

    private readonly bool IsFloat => _type is CU_TENSOR_MAP_DATA_TYPE_FLOAT16 or CU_TENSOR_MAP_DATA_TYPE_FLOAT32 or CU_TENSOR_MAP_DATA_TYPE_FLOAT64
        or CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 or CU_TENSOR_MAP_DATA_TYPE_FLOAT32_FTZ or CU_TENSOR_MAP_DATA_TYPE_TFLOAT32
        or CU_TENSOR_MAP_DATA_TYPE_TFLOAT32_FTZ;

    // Addresses and strides: whole 16 bytes, 32 for interleaving by 32 and for the packed types of that alignment.
    private readonly ulong Unit =>
        _interleave == CUtensorMapInterleave.CU_TENSOR_MAP_INTERLEAVE_32B
            || _type is CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN16B or CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B
            ? 32u
            : 16u;

    private readonly ulong ElementSize => _type switch
    {
        CU_TENSOR_MAP_DATA_TYPE_UINT8 => 1,
        CU_TENSOR_MAP_DATA_TYPE_UINT16 or CU_TENSOR_MAP_DATA_TYPE_FLOAT16 or CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 => 2,
        CU_TENSOR_MAP_DATA_TYPE_UINT64 or CU_TENSOR_MAP_DATA_TYPE_INT64 or CU_TENSOR_MAP_DATA_TYPE_FLOAT64 => 8,
        _ => 4,
    };

    /// <summary>What all kinds of maps have. False where CUDA refuses it.</summary>
    public unsafe bool TryRead(ulong* dimensions, ulong* strides, uint* elementStrides, uint smallestRank)
    {
        if (!Enum.IsDefined(_type) || !Enum.IsDefined(_interleave) || !Enum.IsDefined(_swizzle) || !Enum.IsDefined(_promotion)
            || !Enum.IsDefined(_fill) || _rank < smallestRank || _rank > LargestRank
            || dimensions == null || elementStrides == null || (strides == null && _rank > 1) || _address % Unit != 0
            || (_interleave == CUtensorMapInterleave.CU_TENSOR_MAP_INTERLEAVE_32B && _swizzle != CUtensorMapSwizzle.CU_TENSOR_MAP_SWIZZLE_32B)
            || (_fill != CUtensorMapFloatOOBfill.CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE && !IsFloat))
        {
            return false;
        }
        ulong granule = _type switch
        {
            CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN8B => 2,
            CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN16B or CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B => 128,
            _ => 1,
        };
        if (dimensions[0] % granule != 0)
        {
            return false;
        }
        for (int i = 0; i < _rank; i++)
        {
            if (dimensions[i] is 0 or > LargestDimension || elementStrides[i] is 0 or > 8
                || (i > 0 && (strides[i - 1] % Unit != 0 || strides[i - 1] >= LargestStride)))
            {
                return false;
            }
            _words[DimensionsAt + (i / 2)] |= (dimensions[i] - 1) << (i % 2 * 32);
            _words[ElementStridesAt] |= (ulong)elementStrides[i] << (i * 8);
            if (i > 0)
            {
                _words[StridesAt + i - 1] = strides[i - 1];
            }
        }
        return true;
    }

    /// <summary>The box of a tiled map.</summary>
    public unsafe bool TryReadBox(uint* box)
    {
        for (int i = 0; i < _rank; i++)
        {
            if (box[i] is 0 or > 256)
            {
                return false;
            }
            _words[BoxAt + (i / 4)] |= (ulong)box[i] << (i % 4 * 16);
        }
        ulong inner = box[0] * ElementSize;
        return IsPacked || _interleave != CUtensorMapInterleave.CU_TENSOR_MAP_INTERLEAVE_NONE || (inner % 16 == 0 && inner <= SwizzledBytes);
    }

    /// <summary>The corners of an im2col map, one number for each dimension but channels and images.</summary>
    public unsafe bool TryReadCorners(int* lower, int* upper)
    {
        int spatial = (int)_rank - 2;
        if (lower == null || upper == null)
        {
            return false;
        }
        int bits = spatial switch { 1 => 16, 2 => 8, _ => 5 };
        for (int i = 0; i < spatial; i++)
        {
            if (!Fits(lower[i], bits) || !Fits(upper[i], bits))
            {
                return false;
            }
            _words[CornersAt] |= (ulong)(ushort)lower[i] << (i * 16);
            _words[CornersAt + 1] |= (ulong)(ushort)upper[i] << (i * 16);
        }
        return true;
    }

    /// <summary>The widths of an im2col map that is wide.</summary>
    public bool TryReadWidths(int lower, int upper, CUtensorMapIm2ColWideMode mode)
    {
        _words[CornersAt] = (ushort)lower;
        _words[CornersAt + 1] = (ushort)upper | ((ulong)mode + 1) << 48;
        return Fits(lower, 16) && Fits(upper, 16);
    }

    public bool TryReadPixels(uint channels, uint pixels)
    {
        _words[PixelsAt] = channels | ((ulong)pixels << 32);
        return channels is > 0 and <= 256 && pixels is > 0 and <= 1024
            && (_interleave != CUtensorMapInterleave.CU_TENSOR_MAP_INTERLEAVE_NONE || IsPacked || channels * ElementSize <= SwizzledBytes);
    }

    public unsafe bool TryWrite(CUtensorMap* map)
    {
        if (map == null || (ulong)map % Alignment != 0)
        {
            return false;
        }
        _words[MagicAt] = Magic;
        _words[AddressAt] = _address;
        _words[KindsAt] = (ulong)_type | ((ulong)_rank << 8) | ((ulong)_interleave << 16) | ((ulong)_swizzle << 24) | ((ulong)_promotion << 32)
            | ((ulong)_fill << 40) | (Unit << 48);
        for (int i = 0; i < Words; i++)
        {
            map->opaque[i] = _words[i];
        }
        return true;
    }

    /// <summary>False for what is no map, and for an address that is less aligned than its map asks for.</summary>
    public static unsafe bool TryReplaceAddress(CUtensorMap* map, ulong address)
    {
        if (map == null || (ulong)map % Alignment != 0 || map->opaque[MagicAt] != Magic || address % (map->opaque[KindsAt] >> 48) != 0)
        {
            return false;
        }
        map->opaque[AddressAt] = address;
        return true;
    }

    private readonly ulong SwizzledBytes => _swizzle switch
    {
        CUtensorMapSwizzle.CU_TENSOR_MAP_SWIZZLE_NONE => ulong.MaxValue,
        CUtensorMapSwizzle.CU_TENSOR_MAP_SWIZZLE_32B => 32,
        CUtensorMapSwizzle.CU_TENSOR_MAP_SWIZZLE_64B => 64,
        _ => 128,
    };

    private static bool Fits(int value, int bits) => value >= -(1 << (bits - 1)) && value < 1 << (bits - 1);

    [System.Runtime.CompilerServices.InlineArray(Words)]
    private struct WordsOfMap
    {
        private ulong _first;
    }
}
