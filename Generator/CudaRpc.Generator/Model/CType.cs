namespace CudaRpc.Generator.Model;

/// <summary>A C type as far as the driver API needs one. Typedefs are resolved except those that mean something of their own.</summary>
internal abstract record CType
{
    private CType()
    {
    }

    /// <summary><c>void</c>, only behind a pointer or as a result.</summary>
    public sealed record Void : CType;

    /// <summary>An arithmetic type.</summary>
    public sealed record Scalar(ScalarKind Kind) : CType;

    /// <summary>An enumeration, by its C# name.</summary>
    public sealed record Enum(string Name, ScalarKind Underlying) : CType;

    /// <summary>A struct or union with a name of its own.</summary>
    public sealed record Record(string Name, int Size) : CType;

    /// <summary>A struct or union defined inside another, without a typedef.</summary>
    public sealed record Inline(CRecord Definition) : CType;

    /// <summary>An opaque handle: a typedef of a pointer to a struct that the header never defines.</summary>
    public sealed record Handle(string Name) : CType;

    /// <summary><c>CUdeviceptr</c> or its 32-bit ancestor: an address in device memory, not a host pointer.</summary>
    public sealed record DevicePointer(string Name, ScalarKind Underlying) : CType;

    /// <summary>A host pointer.</summary>
    /// <param name="To">What it points to.</param>
    /// <param name="Const">Whether what it points to is const.</param>
    public sealed record Pointer(CType To, bool Const) : CType;

    /// <summary>A pointer to a function.</summary>
    public sealed record Callback(CType Result, EquatableArray<CType> Parameters) : CType;

    /// <summary>An array inside a struct.</summary>
    public sealed record Array(CType Of, int Length) : CType;
}
