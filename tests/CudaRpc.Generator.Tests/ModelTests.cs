using System.Collections.Immutable;
using CudaRpc.Generator.Clang;
using CudaRpc.Generator.Model;
using CudaRpc.Generator.Rules;

namespace CudaRpc.Generator.Tests;

/// <summary>Models are values: read twice they are equal, and any difference shows.</summary>
public sealed class ModelTests
{
    [Fact]
    public void EquatableArray_SameElements_IsEqual()
    {
        EquatableArray<string> left = new(["a", "b"]);
        EquatableArray<string> right = new(ImmutableArray.Create("a", "b"));

        Assert.Equal(left, right);
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
    }

    [Fact]
    public void EquatableArray_OtherElements_IsNotEqual()
    {
        EquatableArray<string> array = new(["a", "b"]);

        Assert.NotEqual(array, new(["b", "a"]));
        Assert.NotEqual(array, new(["a"]));
        Assert.NotEqual(array, default);
    }

    [Fact]
    public void EquatableArray_Default_IsEmpty()
    {
        EquatableArray<string> none = default;

        Assert.Empty(none);
        Assert.Equal(none, new([]));
        Assert.Equal(none.GetHashCode(), new EquatableArray<string>([]).GetHashCode());
    }

    [Fact]
    public void Header_ReadTwice_IsTheSameModel()
    {
        HeaderResult first = HeaderInputs.Result(SmallHeader.Header);
        HeaderResult second = HeaderInputs.Result(SmallHeader.Header);

        Assert.NotSame(first.Api, second.Api);
        Assert.Equal(first, second);
        Assert.Equal(first.GetHashCode(), second.GetHashCode());
    }

    [Theory]
    [InlineData("int id; } CUlocation;", "long id; } CUlocation;")]
    [InlineData("CU_LIMIT_MAX }", "CU_LIMIT_MAX = 7 }")]
    [InlineData("cuInit(unsigned int Flags)", "cuInit(unsigned int flags)")]
    [InlineData("size_t *pvalue", "size_t **pvalue")]
    [InlineData("const CUlocation *window", "CUlocation *window")]
    [InlineData("CU_MEMHOSTALLOC_PORTABLE 0x01", "CU_MEMHOSTALLOC_PORTABLE 0x02")]
    [InlineData("struct CUstream_st *CUstream", "struct CUstream2_st *CUstream")]
    public void Header_Changed_IsAnotherModel(string before, string after)
    {
        Assert.Contains(before, SmallHeader.Header);

        HeaderResult changed = HeaderInputs.Result(SmallHeader.Header.Replace(before, after));

        Assert.Empty(changed.Problems);
        Assert.NotEqual(HeaderInputs.Result(SmallHeader.Header), changed);
    }

    [Fact]
    public void Plan_BoundTwice_IsTheSame()
    {
        CApi api = HeaderInputs.Read(SmallHeader.Header);
        RuleSet rules = RulesReader.Read(new("cuda.rules", SmallHeader.Rules)).Rules;

        Assert.Equal(Binder.Bind(api, rules), Binder.Bind(api, RulesReader.Read(new("cuda.rules", SmallHeader.Rules)).Rules));
    }

    [Fact]
    public void CallNumber_StructGrows_IsAnother()
    {
        CFunction Function(string header) => HeaderInputs.Read(header).Functions.Single(function => function.Name == "cuMemAdvise_v2");

        uint before = Signature.CallId(Function(SmallHeader.Header));
        uint after = Signature.CallId(Function(SmallHeader.Header.Replace("int id; } CUlocation;", "int id; int more; } CUlocation;")));

        Assert.NotEqual(before, after);
    }

    [Fact]
    public void CallNumber_ParameterRenamed_IsTheSame()
    {
        CFunction Function(string header) => HeaderInputs.Read(header).Functions.Single(function => function.Name == "cuInit");

        Assert.Equal(
            Signature.CallId(Function(SmallHeader.Header)),
            Signature.CallId(Function(SmallHeader.Header.Replace("cuInit(unsigned int Flags)", "cuInit(cuuint32_t flags)"))));
    }

    [Theory]
    [InlineData("A 0x10", 16, "")]
    [InlineData("A ( 3 )", 3, "")]
    [InlineData("A - 1", -1, "")]
    [InlineData("A ( - 2 )", -2, "")]
    [InlineData("A 7ull", 7, "")]
    [InlineData("A ( ( void * ) 0x02 )", 2, "void*")]
    [InlineData("A ( CUstream ) 0x2", 2, "CUstream")]
    public void Macro_ThatIsAnInteger_IsRead(string tokens, long value, string cast)
    {
        Assert.Equal(new CMacro("A", value, cast), MacroValue.Parse([.. tokens.Split(' ')]));
    }

    [Theory]
    [InlineData("A")]
    [InlineData("A 1 + 1")]
    [InlineData("A B")]
    [InlineData("A \"text\"")]
    [InlineData("A ( 1 ) + ( 2 )")]
    public void Macro_ThatIsNot_IsLeftOut(string tokens)
    {
        Assert.Null(MacroValue.Parse([.. tokens.Split(' ')]));
    }
}
