using CudaRpc.Generator.Model;
using CudaRpc.Generator.Rules;

namespace CudaRpc.Generator.Emit;

/// <summary>How single values are written to a body and read from one. Client and server agree because both ask here.</summary>
internal static class Wire
{
    /// <summary>Whether the value travels as its bytes rather than as a MessagePack scalar.</summary>
    public static bool IsBytes(CType type) => type is CType.Record or CType.Inline or CType.Array;

    /// <summary>What to hand to <c>call.Write</c>: <c>Flags</c>, <c>(uint)attrib</c>, <c>dptr.Value</c>.</summary>
    public static string Value(CType type, string value) => type switch
    {
        CType.Enum named => $"({CSharp.Scalar(named.Underlying)}){value}",
        CType.DevicePointer or CType.Handle => $"{value}.Value",
        _ => value,
    };

    /// <summary>The same for what a pointer points to: <c>*bytes</c>, <c>(uint)*attrib</c>, <c>dptr->Value</c>.</summary>
    public static string Pointed(CType type, string pointer) =>
        type is CType.DevicePointer or CType.Handle ? $"{pointer}->Value" : Value(type, "*" + pointer);

    /// <summary>Reads a value: <c>(CUlimit)call.ReadUInt32()</c>.</summary>
    public static string Read(CType type) => type switch
    {
        CType.Enum named => $"({named.Name})call.{Reader(named.Underlying)}()",
        CType.DevicePointer named => $"new {named.Name}(call.{Reader(named.Underlying)}())",
        CType.Scalar scalar => $"call.{Reader(scalar.Kind)}()",
        _ => throw new ArgumentException($"{type} is no scalar"),
    };

    /// <summary>A count of elements as an expression of type nuint.</summary>
    /// <param name="expression">The rule's expression.</param>
    /// <param name="function">The function whose parameters it names.</param>
    /// <param name="spell">Spells a parameter, or what it points to.</param>
    public static string Count(SizeExpression expression, PlannedFunction function, Func<PlannedParameter, bool, string> spell)
    {
        return Count(expression, named =>
        {
            PlannedParameter parameter = function.Parameters.First(item => item.Name == named.Name);
            return (spell(parameter, named.Dereferenced), named.Dereferenced ? parameter.Pointee : parameter.Type);
        });
    }

    /// <summary>A count of elements as an expression of type nuint.</summary>
    /// <param name="expression">The rule's expression.</param>
    /// <param name="spell">Spells what it names, and tells its type.</param>
    public static string Count(SizeExpression expression, Func<SizeExpression.Parameter, (string Value, CType Type)> spell)
    {
        string sum = Sum(expression, spell);
        return expression is SizeExpression.Operation ? $"checked({sum})" : sum;
    }

    /// <summary>A count of bytes for that many elements; elements of void are bytes.</summary>
    public static string Bytes(string count, CType element) => element switch
    {
        CType.Void or CType.Scalar { Kind: ScalarKind.Char or ScalarKind.Byte or ScalarKind.SByte } => count,
        _ => $"checked({count} * (nuint)sizeof({CSharp.Type(element)}))",
    };

    // Products need no parentheses inside sums, and the rules have none.
    private static string Sum(SizeExpression expression, Func<SizeExpression.Parameter, (string Value, CType Type)> spell)
    {
        switch (expression)
        {
            case SizeExpression.Number number:
                return CSharp.Integer(number.Value);
            case SizeExpression.Parameter named:
                (string value, CType type) = spell(named);
                return type is CType.Scalar { Kind: ScalarKind.Size or ScalarKind.UInt32 or ScalarKind.UInt16 or ScalarKind.Byte }
                    ? value
                    : value[0] == '*' ? $"(nuint)({value})" : $"(nuint){value}";
            case SizeExpression.Operation operation:
                return $"{Sum(operation.Left, spell)} {operation.Operator} {Sum(operation.Right, spell)}";
            default:
                throw new ArgumentException($"{expression} is no size");
        }
    }

    private static string Reader(ScalarKind kind) => kind switch
    {
        ScalarKind.Char or ScalarKind.Byte => "ReadByte",
        ScalarKind.SByte => "ReadSByte",
        ScalarKind.Int16 => "ReadInt16",
        ScalarKind.UInt16 => "ReadUInt16",
        ScalarKind.Int32 => "ReadInt32",
        ScalarKind.UInt32 => "ReadUInt32",
        ScalarKind.Int64 => "ReadInt64",
        ScalarKind.UInt64 => "ReadUInt64",
        ScalarKind.Size => "ReadNUInt",
        ScalarKind.Single => "ReadSingle",
        _ => "ReadDouble",
    };
}
