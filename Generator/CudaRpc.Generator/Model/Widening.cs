namespace CudaRpc.Generator.Model;

/// <summary>
/// How the 32-bit form of a function, of CUDA 3.1 and older, relates to its successor: the same parameters, but sizes and addresses of
/// 32 bits where the successor has 64.
/// </summary>
internal static class Widening
{
    /// <summary>Why <paramref name="narrow"/> is no 32-bit form of <paramref name="wide"/>, or null where it is one.</summary>
    public static string? Complaint(CFunction narrow, CFunction wide, CApi api)
    {
        if (narrow.Parameters.Count != wide.Parameters.Count)
        {
            return $"{narrow.Parameters.Count} parameters are not {wide.Parameters.Count}";
        }

        for (int i = 0; i < narrow.Parameters.Count; i++)
        {
            if (!Fits(narrow.Parameters[i].Type, wide.Parameters[i].Type, api))
            {
                return $"{narrow.Parameters[i].Name} ({narrow.Parameters[i].Spelling}) is no smaller {wide.Parameters[i].Spelling}";
            }
        }

        return null;
    }

    /// <summary>Whether it is a size of 32 bits that becomes one of 64.</summary>
    public static bool IsSize(CType narrow, CType wide) =>
        narrow is CType.Scalar { Kind: ScalarKind.UInt32 } && wide is CType.Scalar { Kind: ScalarKind.Size };

    /// <summary>Whether it is an address of 32 bits that becomes one of 64.</summary>
    public static bool IsAddress(CType narrow, CType wide) =>
        narrow is CType.DevicePointer { Underlying: ScalarKind.UInt32 } && wide is CType.DevicePointer { Underlying: not ScalarKind.UInt32 };

    /// <summary>The fields of a struct with those of its 32-bit form, by name; null where they do not match.</summary>
    public static IReadOnlyList<(CField Narrow, CField Wide)>? Fields(CType narrow, CType wide, CApi api)
    {
        if (Record(narrow, api) is not { } small || Record(wide, api) is not { } large || small.Fields.Count != large.Fields.Count)
        {
            return null;
        }

        List<(CField, CField)> pairs = [];
        foreach (CField field in small.Fields)
        {
            if (large.Fields.FirstOrDefault(item => item.Name == field.Name) is not { } other
                || (!FitsByValue(field.Type, other.Type) && !AreBothPointers(field.Type, other.Type)))
            {
                return null;
            }

            pairs.Add((field, other));
        }

        return pairs;
    }

    private static bool Fits(CType narrow, CType wide, CApi api) => FitsByValue(narrow, wide)
        || (narrow is CType.Pointer small && wide is CType.Pointer large && small.Const == large.Const
            && (FitsByValue(small.To, large.To) || FitsAsStruct(small, large, api)));

    // A struct out has only sizes: an address that does not fit would have to fail, and what came with it to be undone.
    private static bool FitsAsStruct(CType.Pointer narrow, CType.Pointer wide, CApi api) =>
        Fields(narrow.To, wide.To, api) is { } fields
        && (narrow.Const || !fields.Any(pair => IsAddress(pair.Narrow.Type, pair.Wide.Type)));

    private static bool FitsByValue(CType narrow, CType wide) => narrow == wide || IsSize(narrow, wide) || IsAddress(narrow, wide);

    private static bool AreBothPointers(CType narrow, CType wide) =>
        narrow is CType.Pointer { To: CType.Void } && wide is CType.Pointer { To: CType.Void };

    private static CRecord? Record(CType type, CApi api) =>
        type is CType.Record named ? api.Records.FirstOrDefault(record => record.Name == named.Name) : null;
}
