using CudaRpc.Generator.Model;
using CudaRpc.Generator.Rules;

namespace CudaRpc.Generator.Emit;

/// <summary>What the two halves of structs spell alike.</summary>
internal static class StructCode
{
    /// <summary><c>value->res.array.hArray</c></summary>
    public static string Field(PlannedField field) => $"value->{Path(field.Path)}";

    public static string Path(string path) => string.Join(".", path.Split('.').Select(CSharp.Identifier));

    public static string Kind(CType handle) => $"HandleKind.{CSharp.Type(handle)}";

    /// <summary>The name of a local: <c>accessDescsCount</c>.</summary>
    public static string CountName(PlannedField field) => field.Path.Replace('.', '_') + "Count";

    /// <summary>An array's number of elements: <c>value->accessDescCount</c>.</summary>
    public static string Count(PlannedField field, string value) => field.Size is null
        ? ""
        : Wire.Count(field.Size, named => ($"(nuint){value}->{Path(field.Base + named.Name)}", new CType.Scalar(ScalarKind.Size)));

    /// <summary>Writes something for each field, under the condition that the field is what it says.</summary>
    public static void Each(CodeWriter code, IEnumerable<PlannedField> fields, Action<PlannedField> body)
    {
        EquatableArray<Condition> open = default;
        foreach (PlannedField field in fields)
        {
            if (!field.Where.Equals(open))
            {
                Close(code, open);
                if (field.Where.Count > 0)
                {
                    code.Line();
                    code.Open($"if ({Conditions(field.Where)})");
                }

                open = field.Where;
            }

            body(field);
        }

        Close(code, open);
    }

    /// <summary>Writes what happens where a union's tag is none that the header knows.</summary>
    public static void Unknown(CodeWriter code, PlannedTag tag, params string[] statements)
    {
        string known = string.Join(" or ", tag.Known.Select(member => $"{tag.Enum}.{member}"));
        string when = tag.Where.Count == 0 ? "" : $"{Conditions(tag.Where)} && ";
        code.Fill($"if ({when}value->{Path(tag.Path)} is not ({known}))");
        code.Open();
        foreach (string statement in statements)
        {
            code.Line(statement);
        }

        code.Close();
        code.Line();
    }

    private static void Close(CodeWriter code, EquatableArray<Condition> open)
    {
        if (open.Count > 0)
        {
            code.Close();
            code.Line();
        }
    }

    private static string Conditions(EquatableArray<Condition> conditions) => string.Join(" && ", conditions.Select(condition =>
    {
        string prefix = condition.Type is CType.Enum named ? named.Name + "." : "";
        string[] values = [.. condition.Values.Select(value => prefix + value)];
        string path = $"value->{Path(condition.Path)}";
        return values.Length == 1 ? $"{path} == {values[0]}" : $"{path} is {string.Join(" or ", values)}";
    }));
}
