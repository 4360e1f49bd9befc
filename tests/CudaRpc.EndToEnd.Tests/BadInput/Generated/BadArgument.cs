using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>A wrong value for one thing in a call with which nothing else is wrong.</summary>
/// <param name="Function">Of the call.</param>
/// <param name="Name">The parameter, or the path to what it leads to.</param>
/// <param name="Type">What belongs there.</param>
/// <param name="What">What is wrong with it.</param>
/// <param name="Value">Makes the value, with a session and another one.</param>
internal sealed record BadArgument(
    string Function, string Name, Type Type, Wrong What, Func<BadCallSession, BadCallSession, object?> Value)
{
    /// <summary>Whether it is a field of a struct or an element of an array.</summary>
    public bool IsInside => Name.AsSpan().ContainsAny('.', '[');

    /// <summary>Everything that can be wrong with a call, as far as the types tell.</summary>
    public static IEnumerable<BadArgument> Of(GoodCall call) =>
        call.Parameters.SelectMany(parameter => Of(call.Function.Name, parameter.Name!, parameter.Name!, parameter.ParameterType))
            .Concat(call.Slots.SelectMany(slot => Of(call.Function.Name, slot.Path, slot.Name, slot.Type)));

    private static IEnumerable<BadArgument> Of(string function, string path, string name, Type type)
    {
        BadArgument Bad(Wrong what, object? value) => new(function, path, type, what, (_, _) => value);
        if (type.IsPointer)
        {
            return [Bad(Wrong.NullPointer, null)];
        }

        if (KindOf(type) is HandleKind kind)
        {
            return Handles(function, path, type, kind);
        }

        if (type.IsEnum)
        {
            return [Bad(Wrong.UnknownEnum, Enum.ToObject(type, 0x7ffffff0)), Bad(Wrong.UnknownEnum, Enum.ToObject(type, -1))];
        }

        if (type == typeof(CUdeviceptr) && !MayBeHostAddress(function))
        {
            return
            [
                Bad(Wrong.NullAddress, new CUdeviceptr(0)),
                Bad(Wrong.WildAddress, new CUdeviceptr(0xdead0000)),
                Bad(Wrong.WildAddress, new CUdeviceptr(ulong.MaxValue)),
            ];
        }

        if (IsIntegerHandle(name, type))
        {
            return [Bad(Wrong.NullHandle, 0ul), Bad(Wrong.GarbageHandle, 0x7eadbeeful)];
        }

        if (IsOrdinal(name, type))
        {
            return [Bad(Wrong.Ordinal, -1), Bad(Wrong.Ordinal, 4711)];
        }

        // A grid of 2^31 - 1 blocks is one.
        return IsSize(name, type) ? Sizes(type).Where(value => !(name.StartsWith("grid", StringComparison.Ordinal) && value is int.MaxValue))
            .Select(value => Bad(Wrong.Overflow, value)) : [];
    }

    /// <summary>The kind of handle that a type is, or null.</summary>
    public static HandleKind? KindOf(Type type) => type.IsValueType && Enum.TryParse(type.Name, out HandleKind kind) ? kind : null;

    public static bool IsSize(string name, Type type) =>
        Sizes(type).Length > 0 && (name == "N" || s_sizes.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase)));

    /// <summary>A size that means something: two rows of 16 bytes.</summary>
    public static int Plausible(string name) =>
        name.Contains("height", StringComparison.OrdinalIgnoreCase) ? 2 : name.Contains("pitch", StringComparison.OrdinalIgnoreCase) ? 16 : 1;

    /// <summary>A handle of that type.</summary>
    public static object Handle(Type type, nint value) => Activator.CreateInstance(type, value)!;

    private static readonly string[] s_sizes =
        ["size", "count", "num", "bytes", "width", "height", "depth", "pitch", "length", "blockDim", "gridDim", "offset"];

    private static bool IsOrdinal(string name, Type type) =>
        type == typeof(int) && name is "dev" or "device" or "ordinal" or "srcDevice" or "dstDevice" or "peerDevice";

    private static bool IsIntegerHandle(string name, Type type) =>
        type == typeof(ulong) && name is "handle" or "memHandle" or "mcHandle" or "texObject" or "surfObject";

    private static IEnumerable<BadArgument> Handles(string function, string path, Type type, HandleKind kind)
    {
        BadArgument Bad(Wrong what, Func<BadCallSession, BadCallSession, nint> value) =>
            new(function, path, type, what, (at, other) => Handle(type, value(at, other)));
        nint Believed(BadCallSession at, nint id)
        {
            at.Believe(kind, id);
            return id;
        }

        yield return Bad(Wrong.NullHandle, static (_, _) => 0);
        yield return Bad(Wrong.StaleHandle, (at, _) => at.Stale(kind));
        yield return Bad(Wrong.ForeignHandle, (_, other) => other.Live(kind) is var live and not 0 ? live : HandleId.Make(kind, 2_000_000));
        yield return Bad(Wrong.HandleOfAnotherKind, (at, _) => at.Wrong(kind));
        yield return Bad(Wrong.GarbageHandle, static (_, _) => 0x7eadbeef);
        yield return Bad(Wrong.StaleHandleThatTheClientBelieves, (at, _) => Believed(at, at.Stale(kind)));
        yield return Bad(Wrong.UnknownHandleThatTheClientBelieves, (at, _) => Believed(at, HandleId.Make(kind, 3_000_000)));
    }

    private static object[] Sizes(Type type) =>
        type == typeof(nuint) ? [nuint.MaxValue, unchecked((nuint)0x8000_0000_0000_0001)]
        : type == typeof(ulong) ? [ulong.MaxValue, 0x8000_0000_0000_0001]
        : type == typeof(uint) ? [uint.MaxValue]
        : type == typeof(int) ? [-1, int.MaxValue]
        : [];

    // Host and device share their addresses there: a wild one would be read, by the real driver as well.
    private static bool MayBeHostAddress(string function) =>
        function.StartsWith("cuMemcpy", StringComparison.Ordinal)
        && !function.Contains("Dto") && !function.Contains("toD")
        && (function.Contains("Batch") || !(function.Contains("2D") || function.Contains("3D")));
}

/// <summary>What can be wrong with an argument.</summary>
public enum Wrong
{
    NullPointer,
    NullHandle,
    StaleHandle,
    ForeignHandle,
    HandleOfAnotherKind,
    GarbageHandle,
    StaleHandleThatTheClientBelieves,
    UnknownHandleThatTheClientBelieves,
    UnknownEnum,
    NullAddress,
    WildAddress,
    Ordinal,
    Overflow,
}
