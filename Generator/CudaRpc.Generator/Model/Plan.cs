using CudaRpc.Generator.Rules;

namespace CudaRpc.Generator.Model;

/// <summary>A header and the rules about it, bound: how every function travels.</summary>
/// <param name="Version">The header's <c>CUDA_VERSION</c>.</param>
/// <param name="Handles">The kinds of handles that cross the wire, by number.</param>
/// <param name="Structs">The structs that hold handles or pointers and travel, by name.</param>
/// <param name="Functions">Every function, sorted by name.</param>
internal sealed record Plan(
    long Version,
    EquatableArray<PlannedHandle> Handles,
    EquatableArray<PlannedStruct> Structs,
    EquatableArray<PlannedFunction> Functions);

/// <summary>A kind of handle on the wire.</summary>
internal sealed record PlannedHandle(string Name, int Number, string Destroy);

/// <summary>How one function travels.</summary>
/// <param name="Function">Its declaration.</param>
/// <param name="Travel">Whether and how it crosses the wire.</param>
/// <param name="Hand">Which halves are hand-written.</param>
/// <param name="Parameters">Its parameters' roles, where a half is generated; else empty.</param>
/// <param name="CallId">Its number on the wire.</param>
/// <param name="Target">
/// For <see cref="Travel.SameAs"/>, <see cref="Travel.Widened"/> and <see cref="Travel.Twin"/>: the function its body forwards to.
/// </param>
/// <param name="Undo">For <see cref="Travel.Widened"/>: what takes back an allocation whose address does not fit, or nothing.</param>
/// <param name="Reason">Why it is unsupported.</param>
/// <param name="Since">The CUDA version that brought it, 0 where the rules do not say.</param>
/// <param name="Cache">For how long an answer is kept: process, device, function, handle, or nothing.</param>
/// <param name="Check">The client's hand-written method that answers wrong arguments before the call is sent, or nothing.</param>
internal sealed record PlannedFunction(
    CFunction Function,
    Travel Travel,
    Halves Hand,
    EquatableArray<PlannedParameter> Parameters,
    uint CallId,
    string Target,
    string Undo,
    string Reason,
    int Since,
    string Cache,
    string Check)
{
    public string Name => Function.Name;

    /// <summary>Whether it has a call of its own.</summary>
    public bool IsRemoted => Travel is Travel.Synchronous or Travel.Posted or Travel.Blocking;

    /// <summary>Whether the client's half is written by hand.</summary>
    public bool ClientByHand => Travel == Travel.Local || (Hand & Halves.Client) != 0;

    /// <summary>Whether the server's half is written by hand.</summary>
    public bool ServerByHand => (Hand & Halves.Server) != 0;
}

/// <summary>Whether and how a function crosses the wire.</summary>
internal enum Travel
{
    /// <summary>A call that waits for its reply.</summary>
    Synchronous,

    /// <summary>A call without a reply.</summary>
    Posted,

    /// <summary>A call whose reply may have to wait for the GPU.</summary>
    Blocking,

    /// <summary>Answered by the client.</summary>
    Local,

    /// <summary>Answered with CUDA_ERROR_NOT_SUPPORTED.</summary>
    Unsupported,

    /// <summary>Another name of a function with the same signature, to which it forwards.</summary>
    SameAs,

    /// <summary>The 32-bit form of a function, to which it forwards.</summary>
    Widened,

    /// <summary>The twin of a function that is not generated: it forwards to it, stream 0 made the thread's own.</summary>
    Twin,
}

/// <summary>The halves of a call.</summary>
[Flags]
internal enum Halves
{
    None = 0,
    Client = 1,
    Server = 2,
    Both = Client | Server,
}

/// <summary>What a parameter is to the call.</summary>
/// <param name="Parameter">Its declaration.</param>
/// <param name="Role">What it carries.</param>
/// <param name="Direction">Which way.</param>
/// <param name="Optional">Whether null is allowed.</param>
/// <param name="Size">For arrays and bulk: the elements there is room for, known before the call.</param>
/// <param name="Length">For arrays out: the elements that are valid after it; null for all.</param>
/// <param name="Struct">Whether it points to structs that hold handles or pointers, which a rule of their own describes.</param>
internal sealed record PlannedParameter(
    CParameter Parameter,
    Role Role,
    Direction Direction,
    bool Optional,
    SizeExpression? Size,
    SizeExpression? Length,
    bool Struct = false)
{
    public string Name => Parameter.Name;

    public CType Type => Parameter.Type;

    /// <summary>What the pointer points to.</summary>
    public CType Pointee => ((CType.Pointer)Type).To;

    /// <summary>Whether an array's room depends on what the driver may write to, so that it is kept in a local of its own.</summary>
    public bool HasMovingSize => Role == Role.Array && Size!.Parameters().Any(parameter => parameter.Dereferenced);

    /// <summary>The name of that local.</summary>
    public string RoomName => Name + "Room";

    public bool IsIn => Direction is Direction.In or Direction.InOut;

    public bool IsOut => Direction is Direction.Out or Direction.InOut;
}

/// <summary>Which way a parameter's value goes.</summary>
internal enum Direction
{
    In,
    Out,
    InOut,
}

/// <summary>What a parameter carries.</summary>
internal enum Role
{
    /// <summary>A scalar, an enumeration, a device address, a struct without pointers, by value.</summary>
    Value,

    /// <summary>A handle of the session, by value.</summary>
    Handle,

    /// <summary>A handle that the call destroys.</summary>
    DestroyedHandle,

    /// <summary>A pointer to where a new handle goes.</summary>
    NewHandle,

    /// <summary>A pointer to where a handle goes that the session has already.</summary>
    FoundHandle,

    /// <summary>A pointer to one value.</summary>
    Element,

    /// <summary>A pointer to several values.</summary>
    Array,

    /// <summary>A pointer to several handles of the session.</summary>
    HandleArray,

    /// <summary>A pointer to a text that ends with NUL.</summary>
    Text,

    /// <summary>A pointer to bytes that travel behind the body.</summary>
    Bulk,

    /// <summary>Does not travel; the server passes null or zero.</summary>
    Ignored,
}
