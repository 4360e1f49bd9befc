using CudaRpc.Generator.Rules;

namespace CudaRpc.Generator.Model;

/// <summary>A struct that holds handles or pointers, and what travels of it besides its bytes.</summary>
/// <param name="Name">Its C# name.</param>
/// <param name="Tags">The fields that say which member of a union is meant, with the values that the header knows.</param>
/// <param name="Fields">Every handle and pointer in it, those of the structs inside it included, in order.</param>
internal sealed record PlannedStruct(string Name, EquatableArray<PlannedTag> Tags, EquatableArray<PlannedField> Fields)
{
    /// <summary>Whether arrays follow its bytes.</summary>
    public bool HasArrays => Fields.Any(item => item.Role is FieldRole.Array or FieldRole.HandleArray);
}

/// <summary>A field of an enumeration's type that selects a member of a union.</summary>
/// <param name="Path">The field.</param>
/// <param name="Enum">The enumeration.</param>
/// <param name="Known">Its members, without those that have another's value.</param>
/// <param name="Where">When it is one itself.</param>
internal sealed record PlannedTag(string Path, string Enum, EquatableArray<string> Known, EquatableArray<Condition> Where);

/// <summary>A handle or a pointer in a struct.</summary>
/// <param name="Path">From the struct on: <c>res.array.hArray</c>.</param>
/// <param name="Type">Its type.</param>
/// <param name="Role">What becomes of it.</param>
/// <param name="Optional">Whether null is allowed.</param>
/// <param name="Size">For arrays: the number of elements, in terms of <see cref="Base"/>'s fields.</param>
/// <param name="Base">The path of the struct that the field is declared in, with a dot at its end; empty for the struct itself.</param>
/// <param name="Struct">Whether the elements of an array are structs that hold handles or pointers themselves.</param>
/// <param name="Where">All of these must hold, or the bytes there mean something else.</param>
internal sealed record PlannedField(
    string Path,
    CType Type,
    FieldRole Role,
    bool Optional,
    SizeExpression? Size,
    string Base,
    bool Struct,
    EquatableArray<Condition> Where)
{
    /// <summary>What the pointer points to.</summary>
    public CType Pointee => ((CType.Pointer)Type).To;
}

/// <summary><c>where(resType == CU_RESOURCE_TYPE_ARRAY)</c></summary>
/// <param name="Path">The field that is compared, from the struct on.</param>
/// <param name="Type">Its type.</param>
/// <param name="Values">Members of its enumeration or integers; one of them must be it.</param>
internal sealed record Condition(string Path, CType Type, EquatableArray<string> Values);

/// <summary>What a field of a struct carries.</summary>
internal enum FieldRole
{
    /// <summary>A handle of the session.</summary>
    Handle,

    /// <summary>A handle that the driver fills in.</summary>
    HandleOut,

    /// <summary>A pointer to several values.</summary>
    Array,

    /// <summary>A pointer to several handles.</summary>
    HandleArray,

    /// <summary>A pointer that does not travel; the server's driver sees null.</summary>
    Ignored,
}
