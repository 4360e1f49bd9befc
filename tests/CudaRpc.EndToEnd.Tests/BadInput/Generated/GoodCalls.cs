using CudaRpc.Driver;
using static CudaRpc.Driver.CUmemLocationType;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>
/// What calls need besides what the types of their parameters tell: by type of struct, and by function. Twins need what they are twins of
/// need; a name that ends in * stands for all that begin so.
/// </summary>
internal static unsafe partial class GoodCalls
{
    // The tables are in other files: which is filled first is not said.
    private static readonly Lazy<(string Functions, Action<GoodCall> Complete)[]> s_rows =
        new(static () => [.. s_graphs!, .. s_memory!, .. s_copies!, .. s_images!, .. s_kernels!, .. s_others!]);

    public static void Complete(GoodCall call)
    {
        string function = call.Function.Name;
        if (function.EndsWith("_ptsz", StringComparison.Ordinal) || function.EndsWith("_ptds", StringComparison.Ordinal))
        {
            function = function[..^5];
        }

        foreach ((string functions, Action<GoodCall> complete) in s_rows.Value)
        {
            if (functions.Split(' ').Any(name => Fits(name, function)))
            {
                complete(call);
            }
        }
    }

    /// <summary>Rows about functions that do not exist.</summary>
    public static IEnumerable<string> Stale() =>
        from row in s_rows.Value
        from name in row.Functions.Split(' ')
        where !typeof(CudaDriver).GetMethods().Any(method => Fits(name, method.Name))
        select name;

    internal static CUmemLocation_v1 Device => new() { type = CU_MEM_LOCATION_TYPE_DEVICE };

    internal static CUmemAccessDesc_v1 Access => new() { location = Device, flags = CUmemAccess_flags.CU_MEM_ACCESS_FLAGS_PROT_READWRITE };

    internal static CUmemPoolProps_v1 PoolProperties =>
        new() { allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED, location = Device };

    private static bool Fits(string name, string function) =>
        name == function || (name[^1] == '*' && function.StartsWith(name[..^1], StringComparison.Ordinal));

    internal static T Handle<T>(GoodCall call)
        where T : unmanaged => (T)BadArgument.Handle(typeof(T), call.At.Live(BadArgument.KindOf(typeof(T))!.Value));
}
