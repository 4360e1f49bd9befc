namespace CudaRpc.Generator.Model;

/// <summary>The arithmetic types of the header on 64-bit Linux.</summary>
internal enum ScalarKind
{
    Char,
    SByte,
    Byte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Size,
    Single,
    Double,
}
