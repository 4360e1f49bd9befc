using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CudaRpc.Client;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.BadInput.Generated;

/// <summary>A call of a function with nothing wrong in it, ready to be made, or to have one thing made wrong in it.</summary>
internal sealed unsafe class GoodCall
{
    private readonly ParameterInfo[] _parameters;
    private readonly object?[] _arguments;
    private readonly List<Slot> _slots = [];
    private int _pieces;

    public GoodCall(BadCallSession at, MethodInfo method)
    {
        At = at;
        Function = method;
        _parameters = method.GetParameters();
        _pieces = _parameters.Length;
        HostMemory.Clear();
        _arguments = [.. _parameters.Select(Plausible)];
        GoodCalls.Complete(this);
    }

    /// <summary>A function for any callback: it does nothing and returns zero.</summary>
    public static nint Callback => (nint)(delegate* unmanaged[Cdecl]<nint, nint>)&Nothing;

    public BadCallSession At { get; }

    public MethodInfo Function { get; }

    public IReadOnlyList<ParameterInfo> Parameters => _parameters;

    /// <summary>What the arguments lead to and means something.</summary>
    public IEnumerable<Slot> Slots => _slots.Where(slot => slot.MeansSomething(At));

    /// <summary>What is done once the call has been made, whatever came of it.</summary>
    public Action? Afterwards { get; set; }

    public bool Has(string parameter) => _parameters.Any(one => one.Name == parameter);

    /// <summary>Gives a parameter a value, of its type or one that converts to it; null is for pointers.</summary>
    public void Set(string parameter, object? value)
    {
        int index = IndexOf(parameter);
        Type type = _parameters[index].ParameterType;
        _arguments[index] = value is null ? null
            : value is not nint number ? Convert(value, type)
            : type.IsPointer ? Pointer.Box((void*)number, type)
            : BadArgument.Handle(type, number);
    }

    /// <summary>Lets a pointer point to values, which may have wider fields than what it points to.</summary>
    public void Put<T>(string parameter, params ReadOnlySpan<T> values)
        where T : unmanaged => Put(parameter, "", values);

    /// <summary>The same for a union of which a member is meant.</summary>
    public void Put<T>(string parameter, string member, params ReadOnlySpan<T> values)
        where T : unmanaged
    {
        int index = IndexOf(parameter);
        Type type = _parameters[index].ParameterType.GetElementType()!;
        byte* start = HostMemory.Of(index);
        Store(parameter, start, type == typeof(void) ? typeof(T) : type, member, values);
        _arguments[index] = Pointer.Box(start, _parameters[index].ParameterType);
    }

    /// <summary>Values in memory of their own, for pointers inside structs.</summary>
    public T* Beside<T>(string path, params ReadOnlySpan<T> values)
        where T : unmanaged
    {
        byte* start = HostMemory.Of(_pieces++);
        Store(path, start, typeof(T), "", values);
        return (T*)start;
    }

    /// <summary>Zeroed memory of the host beside the call's.</summary>
    public byte* Room() => HostMemory.Of(_pieces++);

    public void Text(string parameter, string text)
    {
        byte* start = HostMemory.Of(IndexOf(parameter));
        Cuda.Text(text).CopyTo(new Span<byte>(start, HostMemory.Piece));
    }

    /// <summary>Makes one thing wrong.</summary>
    public void Break(BadArgument bad, object? value)
    {
        if (bad.IsInside)
        {
            _slots.First(slot => slot.Path == bad.Name).Write(value);
        }
        else
        {
            _arguments[IndexOf(bad.Name)] = value;
        }
    }

    /// <summary>Leaves it unmade.</summary>
    public void Drop() => Afterwards?.Invoke();

    public CUresult Make()
    {
        try
        {
            return (CUresult)Function.Invoke(At.Driver, BindingFlags.DoNotWrapExceptions, null, _arguments, null)!;
        }
        finally
        {
            Afterwards?.Invoke();
        }
    }

    private int IndexOf(string parameter)
    {
        int index = Array.FindIndex(_parameters, one => one.Name == parameter);
        return index >= 0 ? index : throw new ArgumentException($"{Function.Name} has no {parameter}");
    }

    private void Store<T>(string path, byte* start, Type type, string member, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        int size = type == typeof(T) || type.IsPointer ? sizeof(T) : type.IsEnum ? sizeof(int) : Marshal.SizeOf(type);
        for (int i = 0; i < values.Length; i++)
        {
            nint address = (nint)start + (i * size);
            if (type == typeof(T) || type.IsPointer)
            {
                *(T*)address = values[i];
            }
            else
            {
                new Slot(path, address, type).Write(Convert(values[i], type));
            }

            string name = type.IsExplicitLayout || (!type.IsEnum && type.GetFields().Length > 1) ? path : $"{path}[{i}]";
            _slots.AddRange(Slot.Leaves(name, address, type, member));
        }
    }

    // Of an older struct every field is in the newer one by the same name, and wider.
    private static object Convert(object value, Type type)
    {
        if (value.GetType() == type)
        {
            return value;
        }

        if (type == typeof(nuint))
        {
            return (nuint)System.Convert.ToUInt64(value);
        }

        if (type.IsEnum)
        {
            return Enum.ToObject(type, value);
        }

        if (type.IsPrimitive)
        {
            return System.Convert.ChangeType(value is nuint size ? (ulong)size : value, type);
        }

        if (value is CUdeviceptr address)
        {
            return Activator.CreateInstance(type, unchecked((uint)address.Value))!;
        }

        object result = RuntimeHelpers.GetUninitializedObject(type);
        foreach (FieldInfo field in type.GetFields(BindingFlags.Public | BindingFlags.Instance))
        {
            object? part = value.GetType().GetField(field.Name)!.GetValue(value);
            field.SetValue(result, part is null or Pointer ? part : Convert(part, field.FieldType));
        }

        return result;
    }

    private object? Plausible(ParameterInfo parameter, int index)
    {
        Type type = parameter.ParameterType;
        return type.IsPointer ? Pointer.Box(HostMemory.Of(index), type)
            : type.IsFunctionPointer ? Callback
            : BadArgument.KindOf(type) is HandleKind kind ? BadArgument.Handle(type, At.Live(kind))
            : type == typeof(CUdeviceptr) ? At.Memory
            : BadArgument.IsSize(parameter.Name!, type) ? Convert(BadArgument.Plausible(parameter.Name!), type)
            : RuntimeHelpers.GetUninitializedObject(type);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Nothing(nint argument) => 0;
}
