using System.Reflection;
using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>A value in memory that a call's arguments lead to: a field of a struct or an element of an array.</summary>
/// <param name="Path">The parameter and the way from there, such as <c>nodeParams.func</c>.</param>
/// <param name="Address">Where it lies.</param>
/// <param name="Type">What it is.</param>
internal sealed unsafe record Slot(string Path, nint Address, Type Type)
{
    /// <summary>The last word of the path.</summary>
    public string Name => Path[(Path.LastIndexOf('.') + 1)..].TrimEnd(']', '0', '1', '[');

    /// <summary>The leaves of a value of <paramref name="type"/>.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="address">Where it lies.</param>
    /// <param name="type">Its type.</param>
    /// <param name="member">Of a union, the member that is meant; empty where there is none.</param>
    public static IEnumerable<Slot> Leaves(string path, nint address, Type type, string member)
    {
        if (type.IsPrimitive || type.IsEnum || type.IsPointer || type.IsFunctionPointer || type == typeof(CUdeviceptr)
            || BadArgument.KindOf(type) is not null)
        {
            return [new Slot(path, address, type)];
        }

        return type.GetFields(BindingFlags.Public | BindingFlags.Instance)
            .Where(field => IsMeant(field, member) && !field.FieldType.Name.Contains("FixedBuffer", StringComparison.Ordinal))
            .SelectMany(field => Leaves($"{path}.{field.Name}", address + Marshal.OffsetOf(type, field.Name), field.FieldType, member));
    }

    /// <summary>
    /// Whether the good call has a value there that means something: what it leaves out need not be read. A handle that is none, or an
    /// address that is not the session's, is another member of a union.
    /// </summary>
    public bool MeansSomething(BadCallSession at) =>
        BadArgument.KindOf(Type) is HandleKind kind ? *(nint*)Address != 0 && HandleId.Kind(*(nint*)Address) == kind
        : Type == typeof(CUdeviceptr) ? at.Owns(*(CUdeviceptr*)Address)
        : Type.IsPointer || Marshal.SizeOf(Type.IsEnum ? typeof(int) : Type) == 8 ? *(long*)Address != 0
        : *(int*)Address != 0;

    public void Write(object? value)
    {
        switch (value)
        {
            case null:
                *(nint*)Address = 0;
                break;
            case Enum number:
                *(int*)Address = unchecked((int)Convert.ToInt64(number));
                break;
            default:
                Marshal.StructureToPtr(value, Address, false);
                break;
        }
    }

    // Where a struct has members on top of each other, one of them is asked for by name.
    private static bool IsMeant(FieldInfo field, string member) =>
        member.Length == 0 || !IsUnion(field.DeclaringType!) || member.Split('.').Contains(field.Name) || !Overlaps(field);

    private static bool IsUnion(Type type) => type.IsExplicitLayout;

    private static bool Overlaps(FieldInfo field) =>
        field.DeclaringType!.GetFields(BindingFlags.Public | BindingFlags.Instance)
            .Any(other => other != field && Offset(other) == Offset(field));

    private static nint Offset(FieldInfo field) => Marshal.OffsetOf(field.DeclaringType!, field.Name);
}
