using System.Reflection;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>A wrong value for one parameter of a call whose other arguments are plausible.</summary>
/// <param name="Parameter">Which.</param>
/// <param name="What">What is wrong with it.</param>
/// <param name="Value">Makes the value, with a session and another one.</param>
internal sealed record BadArgument(ParameterInfo Parameter, Wrong What, Func<BadCallSession, BadCallSession, object?> Value)
{
    /// <summary>Everything that can be wrong with a parameter, as far as its type tells.</summary>
    public static IEnumerable<BadArgument> Of(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        BadArgument Bad(Wrong what, object? value) => new(parameter, what, (_, _) => value);
        if (type.IsPointer)
        {
            return [Bad(Wrong.NullPointer, null)];
        }

        if (KindOf(type) is HandleKind kind)
        {
            return Handles(parameter, type, kind);
        }

        if (type.IsEnum)
        {
            return [Bad(Wrong.UnknownEnum, Enum.ToObject(type, 0x7ffffff0)), Bad(Wrong.UnknownEnum, Enum.ToObject(type, -1))];
        }

        if (type == typeof(CUdeviceptr) && !MayBeHostAddress(parameter))
        {
            return
            [
                Bad(Wrong.NullAddress, new CUdeviceptr(0)),
                Bad(Wrong.WildAddress, new CUdeviceptr(0xdead0000)),
                Bad(Wrong.WildAddress, new CUdeviceptr(ulong.MaxValue)),
            ];
        }

        if (IsOrdinal(parameter))
        {
            return [Bad(Wrong.Ordinal, -1), Bad(Wrong.Ordinal, 4711)];
        }

        return IsSize(parameter) ? Sizes(type).Select(value => Bad(Wrong.Overflow, value)) : [];
    }

    /// <summary>The kind of handle that a type is, or null.</summary>
    public static HandleKind? KindOf(Type type) => type.IsValueType && Enum.TryParse(type.Name, out HandleKind kind) ? kind : null;

    public static bool IsOrdinal(ParameterInfo parameter) =>
        parameter.ParameterType == typeof(int) && parameter.Name is "dev" or "device" or "ordinal" or "srcDevice" or "dstDevice" or "peerDevice";

    public static bool IsSize(ParameterInfo parameter) =>
        Sizes(parameter.ParameterType).Length > 0 && (parameter.Name == "N" || s_sizes.Any(word => parameter.Name!.Contains(word, StringComparison.OrdinalIgnoreCase)));

    /// <summary>A size that means something: two rows of 16 bytes.</summary>
    public static int Plausible(ParameterInfo parameter) =>
        parameter.Name!.Contains("height", StringComparison.OrdinalIgnoreCase) ? 2 : parameter.Name.Contains("pitch", StringComparison.OrdinalIgnoreCase) ? 16 : 1;

    /// <summary>A handle of that type.</summary>
    public static object Handle(Type type, nint value) => Activator.CreateInstance(type, value)!;

    private static readonly string[] s_sizes =
        ["size", "count", "num", "bytes", "width", "height", "depth", "pitch", "length", "blockDim", "gridDim", "offset"];

    private static IEnumerable<BadArgument> Handles(ParameterInfo parameter, Type type, HandleKind kind)
    {
        BadArgument Bad(Wrong what, Func<BadCallSession, BadCallSession, nint> value) =>
            new(parameter, what, (at, other) => Handle(type, value(at, other)));
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
    private static bool MayBeHostAddress(ParameterInfo parameter) =>
        parameter.Member.Name.StartsWith("cuMemcpy", StringComparison.Ordinal) && !parameter.Member.Name.Contains("Dto") && !parameter.Member.Name.Contains("toD");
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
