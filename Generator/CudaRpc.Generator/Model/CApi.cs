namespace CudaRpc.Generator.Model;

/// <summary>What a header declares: the single input of every emitter.</summary>
/// <param name="Version">The value of <c>CUDA_VERSION</c>, 0 where the header has none.</param>
/// <param name="Functions">Every function, sorted by name.</param>
/// <param name="Records">Structs and unions with a name of their own, in order of declaration.</param>
/// <param name="Enums">Enumerations, in order of declaration.</param>
/// <param name="Handles">Opaque handle types, in order of declaration.</param>
/// <param name="DevicePointers">The device address types, in order of declaration.</param>
/// <param name="Macros">Macros that are integers, in order of definition.</param>
internal sealed record CApi(
    long Version,
    EquatableArray<CFunction> Functions,
    EquatableArray<CRecord> Records,
    EquatableArray<CEnum> Enums,
    EquatableArray<CHandle> Handles,
    EquatableArray<CDevicePointer> DevicePointers,
    EquatableArray<CMacro> Macros);

/// <summary>A function of the driver API. All of them return <c>CUresult</c>.</summary>
/// <param name="Name">The exported symbol.</param>
/// <param name="Parameters">In order.</param>
/// <param name="Place">Its declaration.</param>
/// <param name="Supplied">Whether the header does not have it, and ours does.</param>
internal sealed record CFunction(string Name, EquatableArray<CParameter> Parameters, Place Place, bool Supplied = false);

/// <summary>A parameter.</summary>
/// <param name="Name">As the header spells it.</param>
/// <param name="Type">Resolved.</param>
/// <param name="Spelling">The type as the header spells it, for documentation.</param>
internal sealed record CParameter(string Name, CType Type, string Spelling);

/// <summary>A struct or a union.</summary>
/// <param name="Name">Its first typedef; for an inline one the name derived from its field.</param>
/// <param name="Tag">For documentation: <c>struct CUDA_MEMCPY2D_st</c>; empty where it has none.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Align">In bytes.</param>
/// <param name="Fields">In order; the members of anonymous members are lifted into their parent, at its offsets.</param>
internal sealed record CRecord(string Name, string Tag, int Size, int Align, EquatableArray<CField> Fields);

/// <summary>A field.</summary>
/// <param name="Name">As the header spells it.</param>
/// <param name="Type">Resolved.</param>
/// <param name="Offset">In bytes, from the start of the record it is declared in.</param>
internal sealed record CField(string Name, CType Type, int Offset);

/// <summary>An enumeration.</summary>
/// <param name="Name">Its first typedef, or its tag.</param>
/// <param name="Tag">For documentation: <c>enum cudaError_enum</c>; empty where it has none.</param>
/// <param name="Underlying">The integer that holds it.</param>
/// <param name="Constants">In order.</param>
internal sealed record CEnum(string Name, string Tag, ScalarKind Underlying, EquatableArray<CConstant> Constants);

/// <summary>A member of an enumeration.</summary>
internal sealed record CConstant(string Name, long Value);

/// <summary>An opaque handle type.</summary>
/// <param name="Name">The typedef.</param>
/// <param name="Tag">For documentation: <c>struct CUctx_st</c>.</param>
internal sealed record CHandle(string Name, string Tag);

/// <summary>A device address type.</summary>
/// <param name="Name">The typedef.</param>
/// <param name="Underlying">The integer that holds it.</param>
internal sealed record CDevicePointer(string Name, ScalarKind Underlying);

/// <summary>A macro whose value is an integer.</summary>
/// <param name="Name">As the header spells it.</param>
/// <param name="Value">Its value.</param>
/// <param name="Cast">The type it is cast to, empty where there is none.</param>
internal sealed record CMacro(string Name, long Value, string Cast);
