using System.Text.Json;

namespace CudaRpc.Headers.Tests;

/// <summary>Every type, value and signature of headers/cuda.h against the facts, in the view that declares everything.</summary>
public sealed class HeaderFactsTests
{
    private static readonly Facts s_facts = Facts.Load();

    [Theory]
    [InlineData(Language.C)]
    [InlineData(Language.Cpp)]
    public void Records_EverySizeAlignmentOffsetAndType_IsThatOfTheFacts(Language language)
    {
        Probe probe = new();
        foreach (RecordFacts record in s_facts.Structs) probe.Record(record);

        Assert.Equal("", Compiler.Check(probe.ToString(), language, View.Internal));
    }

    [Theory]
    [InlineData(Language.C)]
    [InlineData(Language.Cpp)]
    public void Enums_EveryValueAndRepresentation_IsThatOfTheFacts(Language language)
    {
        Probe probe = new();
        foreach (EnumFacts type in s_facts.Enums) probe.Enumeration(type);

        Assert.Equal("", Compiler.Check(probe.ToString(), language, View.Internal));
    }

    [Theory]
    [InlineData(Language.C)]
    [InlineData(Language.Cpp)]
    public void Names_EveryHandleTypedefAndCallback_IsThatOfTheFacts(Language language)
    {
        Probe probe = new();
        foreach (string handle in s_facts.Handles) probe.Same(handle, $"struct {s_facts.HandleTags[handle]} *", handle);
        foreach (TypedefFacts typedef in s_facts.Typedefs) probe.Same(typedef.Name, typedef.Ctype, typedef.Name);
        foreach (CallbackFacts callback in s_facts.Callbacks)
        {
            string parameters = string.Join(", ", callback.Params.Select(parameter => parameter.Ctype));
            probe.Same(callback.Name, $"{callback.Ret} (*)({parameters})", callback.Name);
        }

        Assert.Equal("", Compiler.Check(probe.ToString(), language, View.Internal));
    }

    [Theory]
    [InlineData(Language.C)]
    [InlineData(Language.Cpp)]
    public void Macros_EveryNumber_IsThatOfTheFacts(Language language)
    {
        Probe probe = new();
        foreach ((string name, JsonElement value) in s_facts.Macros)
        {
            if (value.ValueKind == JsonValueKind.Number) probe.Holds($"{name} == {value.GetInt64()}", name);
        }

        Assert.Equal("", Compiler.Check(probe.ToString(), language, View.Internal));
    }

    [Fact]
    public void Macros_EveryPointer_IsThatOfTheFacts()
    {
        string[] pointers = [.. s_facts.Macros.Where(macro => macro.Value.ValueKind == JsonValueKind.String).Select(macro => macro.Key)];
        string uses = string.Concat(pointers.Select(name => $"\"{name}\" {name}\n"));

        Dictionary<string, string> expanded = Preprocess(uses, View.Internal);

        Assert.NotEmpty(pointers);
        Assert.All(pointers, name => Assert.Equal($"({s_facts.Macros[name].GetString()})", expanded[name]));
    }

    [Theory]
    [InlineData(Language.C)]
    [InlineData(Language.Cpp)]
    public void Functions_EverySignature_IsThatOfTheFacts(Language language)
    {
        Probe probe = new();
        foreach (FunctionFacts function in s_facts.Functions) probe.Function(function.Name, function.Signature);

        Assert.Equal("", Compiler.Check(probe.ToString(), language, View.Internal));
    }

    [Fact]
    public void Functions_EveryParameter_KeepsItsName()
    {
        string header = string.Join(' ', Repository.Read("headers/cuda.h").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

        Assert.All(s_facts.Functions, function =>
        {
            string parameters = string.Join(", ", function.Params.Select(p => $"{p.Ctype} {p.Name}".Replace("* ", "*")));
            Assert.Contains($"CUresult CUDAAPI {function.Name}({(parameters == "" ? "void" : parameters)});", header);
        });
    }

    [Theory]
    [InlineData(Language.C)]
    [InlineData(Language.Cpp)]
    public void Probe_FactsThatDoNotHold_AreNamed(Language language)
    {
        RecordFacts uuid = s_facts.Structs.Single(record => record.Name == "CUuuid");
        EnumFacts limits = s_facts.Enums.Single(type => type.Name == "CUlimit");
        Probe probe = new();
        probe.Record(uuid with { Size = 17, Align = 2, Fields = [uuid.Fields[0] with { Offset = 1, ArrayLen = 15 }] });
        probe.Enumeration(limits with { Underlying = "short", Constants = [limits.Constants[1] with { Value = 7 }] });
        probe.Function("cuInit", "CUresult(unsigned long)");

        string complaints = Compiler.Check(probe.ToString(), language, View.Internal);

        string[] wrong = ["size of CUuuid", "alignment of CUuuid", "offset of CUuuid.bytes", "type of CUuuid.bytes",
            "representation of CUlimit", $"value of {limits.Constants[1].Name}", "signature of cuInit"];
        Assert.All(wrong, name => Assert.Contains(name, complaints));
    }

    /// <summary>What the preprocessor makes of lines of the form `"name" name`.</summary>
    internal static Dictionary<string, string> Preprocess(string lines, View view)
    {
        (int exitCode, string output, string errors) =
            Tool.Run("gcc", $"#include \"cuda.h\"\n{lines}", [.. Compiler.Flags(Language.C, view), "-E", "-P", "-"]);
        Assert.True(exitCode == 0, errors);
        return output.Split('\n').Where(line => line.StartsWith('"')).Select(line => line.Split('"'))
            .ToDictionary(parts => parts[1], parts => parts[2].Trim());
    }
}
