using System.Text;

namespace CudaRpc.Headers.Tests;

/// <summary>
/// A C and C++ translation unit of static assertions about cuda.h. The assertions name what they check, so the compiler's
/// messages say which fact does not hold.
/// </summary>
internal sealed class Probe
{
    private const string Prologue = """
        #include "cuda.h"
        #ifdef __cplusplus
        #include <type_traits>
        #define SAME(T, ...) std::is_same<T, __VA_ARGS__>::value
        #define REPRESENTATION(T, R) std::is_same<std::underlying_type<T>::type, R>::value
        #define MEMBER(constant, T) std::is_same<decltype(constant), T>::value
        #define ALIGNMENT alignof
        #define HOLDS(fact, name) static_assert(fact, name)
        #else
        #define SAME(T, ...) __builtin_types_compatible_p(T, __VA_ARGS__)
        #define REPRESENTATION(T, R) _Generic((T)0, R: 1, default: 0)
        #define MEMBER(constant, T) 1
        #define ALIGNMENT _Alignof
        #define HOLDS(fact, name) _Static_assert(fact, name)
        #endif

        """;

    private readonly StringBuilder _text = new(Prologue);

    public override string ToString() => _text.ToString();

    public void Holds(string fact, string name) => _text.Append($"HOLDS({fact}, \"{name}\");\n");

    /// <summary><paramref name="type"/> must not contain a comma, <paramref name="expected"/> may.</summary>
    public void Same(string type, string expected, string name) => Holds($"(SAME({type}, {expected}))", name);

    public void Record(RecordFacts record)
    {
        Holds($"sizeof({record.Name}) == {record.Size}", $"size of {record.Name}");
        Holds($"ALIGNMENT({record.Name}) == {record.Align}", $"alignment of {record.Name}");
        Same(record.Name, $"{record.Kind} {record.Tag}", $"tag of {record.Name}");
        Fields(record.Name, "", record.Fields);
    }

    public void Enumeration(EnumFacts type)
    {
        Holds($"REPRESENTATION({type.Name}, {type.Underlying})", $"representation of {type.Name}");
        if (type.Tag is not null) Same(type.Name, $"enum {type.Tag}", $"tag of {type.Name}");
        foreach (ConstantFacts constant in type.Constants)
        {
            Holds($"{constant.Name} == {constant.Value}", $"value of {constant.Name}");
            Holds($"(MEMBER({constant.Name}, {type.Name}))", $"type of {constant.Name}");
        }
    }

    public void Function(string name, string signature) => Same($"__typeof__({name})", signature, $"signature of {name}");

    private void Fields(string record, string path, FieldFacts[] fields)
    {
        foreach (FieldFacts field in fields)
        {
            string name = field.Name is null ? path : path + (path == "" ? "" : ".") + field.Name;
            string member = $"(({record} *)0)->{name}";
            if (field.Name is not null) Holds($"offsetof({record}, {name}) == {field.Offset}", $"offset of {record}.{name}");
            if (field.Fields is not null)
            {
                if (field.Name is not null) Holds($"sizeof({member}) == {field.Size}", $"size of {record}.{name}");
                Fields(record, name, field.Fields);
            }
            else
            {
                string type = field.ArrayLen is null ? field.Ctype : $"{field.Ctype}[{field.ArrayLen}]";
                Same($"__typeof__({member})", type, $"type of {record}.{name}");
            }
        }
    }
}
